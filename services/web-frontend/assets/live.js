// Shows an order's page as it moves. Without this script the page loads itself again every few seconds.
"use strict";

(() => {
  const live = document.getElementById("live");
  const spoken = document.getElementById("spoken");
  if (!live || !live.dataset.events || !window.EventSource) return;

  const source = new EventSource(live.dataset.events);

  source.addEventListener("order", (event) => {
    const hadFocus = live.contains(document.activeElement);
    live.innerHTML = event.data;
    const order = live.firstElementChild;
    const headline = document.getElementById("headline");
    document.title = `${headline.textContent} – Waybill`;
    spoken.textContent = order.dataset.spoken;
    if (hadFocus) headline.focus({ preventScroll: true });
    if (order.dataset.final === "true") source.close();
  });
  source.addEventListener("end", () => source.close());
  window.addEventListener("pagehide", () => source.close());
})();
