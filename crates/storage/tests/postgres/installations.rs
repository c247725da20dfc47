//! Devices and their channels.

use domain::InstallationId;
use storage::{Channel, Installation, Platform, Registered};
use uuid::Uuid;

use crate::shop::{Shop, at, customer};

fn device(number: u128, owner: u128, token: &str) -> Installation {
    Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop".into(),
        customer: customer(owner),
        platform: Platform::Apns,
        environment: "production".into(),
        channel: Channel::Apns { token: token.into() },
        locale: "en".into(),
        tags: Vec::new(),
        expires_at: None,
        updated_at: at(0),
    }
}

#[tokio::test]
async fn registering_again_changes_nothing_but_what_was_changed() {
    let shop = Shop::open().await;
    let phone = device(1, 1, "aa");
    assert_eq!(
        shop.storage.put_installation(&phone).await.unwrap(),
        Registered::Created
    );
    assert_eq!(
        shop.storage.put_installation(&phone).await.unwrap(),
        Registered::Updated
    );
    assert_eq!(
        shop.storage.installation(phone.id).await.unwrap(),
        Some(phone.clone())
    );

    let moved = Installation {
        customer: customer(2),
        updated_at: at(5),
        ..phone.clone()
    };
    shop.storage.put_installation(&moved).await.unwrap();
    assert!(
        shop.storage
            .installations_of(&[customer(1)])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        shop.storage.installations_of(&[customer(2)]).await.unwrap(),
        [moved]
    );
}

#[tokio::test]
async fn every_kind_of_channel_reads_as_written() {
    let shop = Shop::open().await;
    let channels = [
        (
            Platform::Fcm,
            Channel::Fcm {
                kind: "token".into(),
                value: "t".into(),
            },
        ),
        (Platform::Apns, Channel::Apns { token: "ab".into() }),
        (
            Platform::Wns,
            Channel::Wns {
                uri: "https://db5.notify.windows.com/?token=x".into(),
            },
        ),
    ];
    for (number, (platform, channel)) in channels.into_iter().enumerate() {
        let installation = Installation {
            platform,
            channel,
            ..device(number as u128, 1, "")
        };
        shop.storage.put_installation(&installation).await.unwrap();
        assert_eq!(
            shop.storage.installation(installation.id).await.unwrap(),
            Some(installation)
        );
    }
    assert_eq!(
        shop.storage.installations_of(&[customer(1)]).await.unwrap().len(),
        3
    );
}

#[tokio::test]
async fn a_channel_moves_to_the_installation_that_names_it_last() {
    let shop = Shop::open().await;
    shop.storage.put_installation(&device(1, 1, "aa")).await.unwrap();
    let other_app = Installation {
        app: "desk".into(),
        ..device(3, 1, "aa")
    };
    shop.storage.put_installation(&other_app).await.unwrap();
    shop.storage.put_installation(&device(2, 2, "aa")).await.unwrap();

    assert_eq!(
        shop.storage.installation(device(1, 1, "").id).await.unwrap(),
        None
    );
    assert_eq!(
        shop.storage.installations_of(&[customer(1)]).await.unwrap(),
        [other_app]
    );
    assert_eq!(
        shop.storage.installations_of(&[customer(2)]).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn devices_that_swap_channels_at_once_do_not_block_each_other() {
    let shop = Shop::open().await;
    for _ in 0..20 {
        shop.storage.put_installation(&device(1, 1, "aa")).await.unwrap();
        shop.storage.put_installation(&device(2, 2, "bb")).await.unwrap();
        let (to_b, to_a) = (device(1, 1, "bb"), device(2, 2, "aa"));
        let both = tokio::join!(
            shop.storage.put_installation(&to_b),
            shop.storage.put_installation(&to_a)
        );
        both.0.unwrap();
        both.1.unwrap();
    }
}

#[tokio::test]
async fn a_device_is_gone_only_by_the_channel_that_was_used() {
    let shop = Shop::open().await;
    let phone = Installation {
        updated_at: at(100),
        ..device(1, 1, "aa")
    };
    shop.storage.put_installation(&phone).await.unwrap();
    let old = Channel::Apns { token: "old".into() };
    assert!(
        !shop
            .storage
            .mark_gone(phone.id, &old, None, "unregistered")
            .await
            .unwrap()
    );
    assert!(
        !shop
            .storage
            .mark_gone(phone.id, &phone.channel, Some(at(99)), "unregistered")
            .await
            .unwrap()
    );
    assert!(shop.storage.installation(phone.id).await.unwrap().is_some());

    assert!(
        shop.storage
            .mark_gone(phone.id, &phone.channel, Some(at(100)), "unregistered")
            .await
            .unwrap()
    );
    assert!(
        !shop
            .storage
            .mark_gone(phone.id, &phone.channel, None, "unregistered")
            .await
            .unwrap()
    );
    assert_eq!(shop.storage.installation(phone.id).await.unwrap(), None);
    assert!(
        shop.storage
            .installations_of(&[customer(1)])
            .await
            .unwrap()
            .is_empty()
    );

    shop.storage.put_installation(&phone).await.unwrap();
    assert_eq!(shop.storage.installation(phone.id).await.unwrap(), Some(phone));
}
