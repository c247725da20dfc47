// Follows /live and puts the server's own HTML in the place of what changed.
"use strict";

const status = document.getElementById("connection");
const phones = document.querySelector(".phones");

// What is to be drawn anew. One after the other, so that an older answer never takes the place of a newer one.
const stale = new Set();
let drawing = false;

async function draw() {
  if (drawing) return;
  drawing = true;
  while (stale.size > 0) {
    const [what] = stale;
    stale.delete(what);
    try {
      await (parts.get(what) ?? (() => screen(what)))();
    } catch {
      // The feed says when the sandbox is back, and then everything is drawn anew.
    }
  }
  drawing = false;
}

function changed(what) {
  stale.add(what);
  draw();
}

async function html(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(address);
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return template.content;
}

async function screen(id) {
  const fresh = await html(`/devices/${id}/screen`);
  const old = document.getElementById(id);
  document.getElementById("no-phones")?.remove();
  // A phone made elsewhere, by a tool or in another window, comes first.
  if (!old) return phones.prepend(fresh);
  // What was opened stays open, unless a notification has come above it.
  const before = old.querySelectorAll("details");
  const after = fresh.querySelectorAll("details");
  if (before.length === after.length) after.forEach((details, index) => { details.open = before[index].open; });
  old.replaceWith(fresh);
}

async function refused() {
  document.getElementById("refused").replaceChildren(await html("/refused"));
}

async function mails() {
  const fresh = await html("/inbox/shown");
  const box = document.getElementById("mails");
  const cards = [...fresh.querySelectorAll(".mail")];
  // A card that is moved loads its frame anew and forgets what was opened: those that stay are left alone.
  const kept = new Set(cards.map((card) => card.id));
  [...box.children].filter((card) => !kept.has(card.id)).forEach((card) => card.remove());
  if (cards.length === 0) return box.append(fresh);
  for (const card of cards.reverse()) {
    const old = document.getElementById(card.id);
    if (!old) box.prepend(card);
    else if (old.textContent !== card.textContent) old.replaceWith(card);
  }
}

const parts = new Map([["refused", refused], ["mail", mails]]);

const live = new EventSource("/live");
live.addEventListener("open", () => { status.textContent = "Live: what arrives shows at once."; });
live.addEventListener("error", () => { status.textContent = "The sandbox is out of reach; trying again."; });
live.addEventListener("screen", (event) => changed(event.data));
live.addEventListener("refused", () => changed("refused"));
live.addEventListener("mail", () => { changed("mail"); changed("refused"); });
live.addEventListener("all", () => {
  document.querySelectorAll(".phone").forEach((phone) => changed(phone.id));
  changed("refused");
  changed("mail");
});
