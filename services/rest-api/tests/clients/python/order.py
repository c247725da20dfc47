"""An app in Python, with the client that openapi-python-client makes of the contract: orders, and follows the order."""

import json
import os
import uuid
from http import HTTPStatus

from waybill_client import AuthenticatedClient, Client
from waybill_client.api.guests import create_guest_session
from waybill_client.api.installations import put_installation
from waybill_client.api.orders import follow_order, get_order, list_orders, submit_order
from waybill_client.api.products import list_products
from waybill_client.models import (
    AcceptedOrder,
    DraftAddress,
    DraftContact,
    DraftLine,
    FcmInstallationDraft,
    FcmInstallationDraftChannel,
    FcmInstallationDraftChannelKind,
    FcmInstallationDraftPlatform,
    GuestSession,
    Order,
    OrderDraft,
    OrderHistory,
    OrderState,
    Problem,
    ProductPage,
)

API = os.environ["API"]


def check(holds: bool, words: str) -> None:
    if not holds:
        raise SystemExit(words)


session = create_guest_session.sync(client=Client(API, raise_on_unexpected_status=True))
check(isinstance(session, GuestSession), f"a guest's session: {session}")
client = AuthenticatedClient(API, session.token, raise_on_unexpected_status=True)

catalog = list_products.sync(client=client, category="treats", limit=100)
check(isinstance(catalog, ProductPage), f"a page of the catalog: {catalog}")
product = next(product for product in catalog.products if product.in_stock)


def draft(quantity: int) -> OrderDraft:
    return OrderDraft(
        lines=[DraftLine(sku=product.sku, quantity=quantity)],
        contact=DraftContact(name="Ada Lovelace", email="ada@example.org"),
        shipping_address=DraftAddress(street="Ring 1", postcode="1010", city="Wien", country="AT"),
    )


key = str(uuid.uuid4())
first = submit_order.sync_detailed(client=client, body=draft(2), idempotency_key=key)
again = submit_order.sync_detailed(client=client, body=draft(2), idempotency_key=key)
check(first.status_code == HTTPStatus.ACCEPTED and isinstance(first.parsed, AcceptedOrder), f"accepted: {first}")
check(again.parsed == first.parsed and again.headers["Idempotent-Replayed"] == "true", f"the same once more: {again}")
order_id = first.parsed.id

reused = submit_order.sync(client=client, body=draft(3), idempotency_key=key)
check(isinstance(reused, Problem) and reused.type_ == "/problems/idempotency-key-reused", f"refused: {reused}")
wrong = submit_order.sync(client=client, body=draft(0), idempotency_key=str(uuid.uuid4()))
check(isinstance(wrong, Problem) and wrong.errors[0].pointer == "/lines/0/quantity", f"the field is named: {wrong}")

# A stream is read line by line, which the generated functions don't do; the request is theirs.
request = follow_order._get_kwargs(order_id, last_event_id="0")
request["headers"]["Accept"] = "text/event-stream"
seen = []
with client.get_httpx_client().stream(**request) as stream:
    for line in stream.iter_lines():
        if line.startswith("data: {"):
            seen.append(Order.from_dict(json.loads(line.removeprefix("data: "))))
            if seen[-1].state == OrderState.CONFIRMED:
                break
check([order.version for order in seen] == sorted({order.version for order in seen}), f"each once, in order: {seen}")
check(seen[-1].total.minor == 2 * product.price.minor, f"it costs what was shown: {seen[-1]}")

order = get_order.sync_detailed(id=order_id, client=client)
check(isinstance(order.parsed, Order) and order.parsed.state == OrderState.CONFIRMED, f"confirmed: {order}")
check(order.parsed == seen[-1], f"as it was seen: {order}")
known = get_order.sync_detailed(id=order_id, client=client, if_none_match=order.headers["ETag"])
check(known.status_code == HTTPStatus.NOT_MODIFIED, f"nothing is sent twice: {known}")

as_json = client.with_headers({"Accept": "application/json"})
history = follow_order.sync(id=order_id, client=as_json, last_event_id="1")
check(isinstance(history, OrderHistory) and [event.version for event in history.events] == [2], f"after 1: {history}")

page = list_orders.sync(client=client, state=OrderState.CONFIRMED)
check([order.id for order in page.orders] == [order_id], f"there is one order: {page}")

device = uuid.uuid4()
installation = FcmInstallationDraft(
    app="shop",
    platform=FcmInstallationDraftPlatform.FCM,
    channel=FcmInstallationDraftChannel(
        kind=FcmInstallationDraftChannelKind.TOKEN, value="bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1"
    ),
)
registered = put_installation.sync_detailed(device, client=client, body=installation)
check(registered.status_code == HTTPStatus.CREATED and registered.parsed.id == device, f"registered: {registered}")
