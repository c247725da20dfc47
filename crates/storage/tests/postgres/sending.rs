//! Many pushes at once, as senders read and settle them.

use domain::{InstallationId, OrderId, Version};
use jiff::Timestamp;
use storage::{About, Channel, Delivery, DeliveryState, Due, Installation, Platform, Settled, Wanted};
use uuid::Uuid;

use crate::shop::{Shop, at, customer};

fn device(number: u128, owner: u128) -> Installation {
    Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop".into(),
        customer: customer(owner),
        platform: Platform::Apns,
        environment: "production".into(),
        channel: Channel::Apns {
            token: format!("{number:064x}"),
        },
        locale: "en".into(),
        tags: vec!["tea".into()],
        expires_at: None,
        updated_at: at(0),
    }
}

fn push(id: u128, to: u128, version: u32, event_at: Timestamp) -> Delivery {
    Delivery {
        id: Uuid::from_u128(id),
        event_at,
        installation: InstallationId(Uuid::from_u128(to)),
        platform: Platform::Apns,
        about: About::Order {
            order: OrderId(Uuid::from_u128(1)),
            version: Version(version),
        },
        state: DeliveryState::Queued,
        attempts: 0,
        provider: None,
    }
}

fn wanted(push: &Delivery, owner: Option<u128>) -> Wanted {
    Wanted {
        event_at: push.event_at,
        delivery: push.id,
        customer: owner.map(customer),
    }
}

fn settled(push: &Delivery, state: DeliveryState, provider: &str, at: Timestamp) -> Settled {
    Settled {
        event_at: push.event_at,
        delivery: push.id,
        state,
        provider: Some(provider.into()),
        at,
    }
}

#[tokio::test]
async fn pushes_are_read_with_their_devices_each_in_its_place() {
    let shop = Shop::open().await;
    let (mine, moved) = (device(1, 1), device(2, 2));
    for device in [&mine, &moved] {
        shop.storage.put_installation(device).await.unwrap();
    }
    // On both sides of midnight, and one to a device that is not there.
    let pushes = [
        push(1, 1, 1, at(0)),
        push(2, 2, 1, at(86_400)),
        push(3, 3, 1, at(0)),
    ];
    shop.storage.queue_deliveries(&pushes).await.unwrap();
    let stranger = push(9, 1, 1, at(0));
    let all = [
        wanted(&pushes[1], Some(1)),
        wanted(&stranger, Some(1)),
        wanted(&pushes[0], Some(1)),
        wanted(&pushes[2], None),
        wanted(&pushes[1], None),
    ];
    let due = shop.storage.due_deliveries(&all, at(86_400)).await.unwrap();
    let concerned = |due: &Option<Due>| {
        let told = due.as_ref()?.device.as_ref()?;
        Some((told.installation.clone(), told.concerned))
    };
    assert_eq!(concerned(&due[0]), Some((moved, false)), "another's now");
    assert_eq!(due[1], None, "not in the ledger");
    assert_eq!(concerned(&due[2]), Some((mine, true)));
    assert!(due[3].as_ref().unwrap().device.is_none());
    assert!(concerned(&due[4]).unwrap().1, "for anyone");
    assert!(
        due.iter()
            .flatten()
            .all(|due| due.state == DeliveryState::Queued && due.told_at.is_none())
    );
}

#[tokio::test]
async fn outcomes_are_noted_together_and_final_ones_stay() {
    let shop = Shop::open().await;
    shop.storage.put_installation(&device(1, 1)).await.unwrap();
    let (first, second) = (push(1, 1, 1, at(0)), push(2, 1, 2, at(86_400)));
    let other = push(3, 3, 1, at(0));
    for push in [&first, &second, &other] {
        // One after the other, or the later one would stand for the earlier.
        shop.storage
            .queue_deliveries(std::slice::from_ref(push))
            .await
            .unwrap();
        shop.storage
            .settle_deliveries(&[settled(push, DeliveryState::Unknown, "no answer", at(1))])
            .await
            .unwrap();
    }
    let outcomes = [
        settled(&second, DeliveryState::Sent, "p-2", at(86_401)),
        settled(&first, DeliveryState::Superseded, "", at(86_402)),
        settled(&other, DeliveryState::Failed, "said \0 and more", at(2)),
    ];
    shop.storage.settle_deliveries(&outcomes).await.unwrap();
    let late = [settled(&second, DeliveryState::Failed, "too late", at(86_403))];
    shop.storage.settle_deliveries(&late).await.unwrap();

    let stored = async |push: &Delivery| {
        let row = shop
            .storage
            .delivery(push.event_at, push.id)
            .await
            .unwrap()
            .unwrap();
        (row.state, row.attempts, row.provider.unwrap())
    };
    assert_eq!(stored(&second).await, (DeliveryState::Sent, 2, "p-2".into()));
    assert_eq!(
        stored(&first).await,
        (DeliveryState::Superseded, 1, String::new())
    );
    assert_eq!(
        stored(&other).await,
        (DeliveryState::Failed, 2, "said  and more".into())
    );
    let told = shop
        .storage
        .due_deliveries(&[wanted(&second, Some(1))], at(86_400))
        .await
        .unwrap();
    assert_eq!(told[0].as_ref().unwrap().told_at, Some(at(86_401)));
}
