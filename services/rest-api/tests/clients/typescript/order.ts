// An app in TypeScript, with the types that openapi-typescript makes of the contract: orders over a network that loses
// answers, follows the order over a break, and calls it off. What the compiler must refuse is marked.
import createClient from "openapi-fetch";
import type { components, paths } from "./contract";

declare const process: { env: Record<string, string | undefined> };

type Order = components["schemas"]["Order"];
type Draft = components["schemas"]["OrderDraft"];

function check(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Error(words);
}

let posts = 0;

/** The first answer to every POST is lost, after the request arrived. */
async function lossy(request: Request): Promise<Response> {
  const answer = await fetch(request);
  if (request.method === "POST" && posts++ % 2 === 0) throw new TypeError("the network is gone");
  return answer;
}

/** Sends until there is an answer. */
async function untilAnswered<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch {
    return send();
  }
}

const api = createClient<paths>({ baseUrl: process.env["API"] ?? "", fetch: lossy });

const session = await untilAnswered(() => api.POST("/v1/guest-sessions"));
check(session.data !== undefined, "a guest's session");
const { token } = session.data;
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token}`);
  },
});

const catalog = await api.GET("/v1/products", { params: { query: { category: "treats", limit: 100 } } });
const product = catalog.data?.products.find((product) => product.in_stock);
check(product !== undefined, "a product that can be sold");

const draft: Draft = {
  lines: [{ sku: product.sku, quantity: 2 }],
  contact: { name: "Ada Lovelace", email: "ada@example.org" },
  shipping_address: { street: "Ring 1", postcode: "1010", city: "Wien", country: "AT" },
  expected_total: { minor: 2 * product.price.minor, currency: product.price.currency },
};

const key = crypto.randomUUID();
const submitted = await untilAnswered(() =>
  api.POST("/v1/orders", { params: { header: { "Idempotency-Key": key } }, body: draft }),
);
check(submitted.response.status === 202 && submitted.data !== undefined, "the order is accepted");
check(submitted.response.headers.get("Idempotent-Replayed") === "true", "the second request changed nothing");
const { id } = submitted.data;

const reused = await untilAnswered(() =>
  api.POST("/v1/orders", {
    params: { header: { "Idempotency-Key": key } },
    body: { ...draft, lines: [{ sku: product.sku, quantity: 3 }] },
  }),
);
check(reused.error?.type === "/problems/idempotency-key-reused", "another cart under the same key is refused");

const wrong = await untilAnswered(() =>
  api.POST("/v1/orders", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { ...draft, lines: [{ sku: product.sku, quantity: 0 }] },
  }),
);
check(wrong.error?.errors?.[0]?.pointer === "/lines/0/quantity", "the field that is wrong is named");

/** Whether a state is the last one: the compiler knows all of them. */
const last: Record<Order["state"], boolean> = {
  submitted: false,
  held: false,
  awaiting_uploads: false,
  confirmed: false,
  shipped: false,
  delivered: true,
  rejected: true,
  cancelled: true,
  expired: true,
};

/** The order's versions after the one that was seen last, until `enough`, or until there are no more. */
async function follow(after: number, enough: (order: Order) => boolean): Promise<Order[]> {
  const stop = new AbortController();
  const { data, response } = await api.GET("/v1/orders/{id}/events", {
    params: { path: { id }, header: { "Last-Event-ID": after.toString() } },
    headers: { Accept: "text/event-stream" },
    parseAs: "stream",
    signal: stop.signal,
  });
  if (response.status === 204) return [];
  check(response.status === 200 && data instanceof ReadableStream, `a stream, not ${response.status}`);
  const seen: Order[] = [];
  let text = "";
  for await (const piece of data.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const fields = event.split("\n");
      if (fields.includes("event: end")) return seen;
      const line = fields.find((field) => field.startsWith("data: "));
      if (!fields.includes("event: order") || line === undefined) continue;
      const order = JSON.parse(line.slice("data: ".length)) as Order;
      seen.push(order);
      if (enough(order)) {
        stop.abort();
        return seen;
      }
    }
  }
  throw new Error("the stream ended too early");
}

const confirmed = (await follow(0, (order) => order.state === "confirmed")).at(-1);
check(confirmed !== undefined && !last[confirmed.state], "the order is confirmed");
check(confirmed.total?.minor === draft.expected_total?.minor, "it costs what was shown");

// Declared by itself, so that an older contract may know fewer of these.
const headers = { "Idempotency-Key": crypto.randomUUID(), "If-Match": `"${confirmed.version}"` };
const wish = await untilAnswered(() =>
  api.POST("/v1/orders/{id}/cancellation", { params: { path: { id }, header: headers } }),
);
check(wish.response.status === 202, "the wish is taken");

const rest = await follow(confirmed.version, () => false);
check(rest.length === 1 && rest[0]?.state === "cancelled", "what came after the break, once");
check((await follow(rest[0].version, () => false)).length === 0, "no more will come");

const page = await api.GET("/v1/orders", { params: { query: { state: "cancelled" } } });
check(page.data?.orders.length === 1 && page.data.orders[0]?.id === id, "there is one order");

const device = crypto.randomUUID();
const registered = await api.PUT("/v1/installations/{installation_id}", {
  params: { path: { installation_id: device } },
  body: { app: "shop", platform: "fcm", channel: { kind: "token", value: "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1" } },
});
check(registered.response.status === 201 && registered.data?.id === device, "the device is registered");

/** Never called: each of these must not compile. */
export async function refused(): Promise<void> {
  // @ts-expect-error: an order needs its key
  await api.POST("/v1/orders", { body: draft });
  // @ts-expect-error: and its body
  await api.POST("/v1/orders", { params: { header: { "Idempotency-Key": key } } });
  // @ts-expect-error: a quantity is a number
  const line: Draft["lines"][number] = { sku: "honey-acacia", quantity: "2" };
  // @ts-expect-error: prices are the shop's
  const priced: Draft = { ...draft, total: { minor: 1, currency: "EUR" } };
  // @ts-expect-error: there is no such state
  const state: Order["state"] = "lost";
  // @ts-expect-error: the channel goes with the platform
  const installation: components["schemas"]["InstallationDraft"] = { app: "shop", platform: "wns", channel: { token: "00" } };
  await Promise.all([line, priced, state, installation]);
}
