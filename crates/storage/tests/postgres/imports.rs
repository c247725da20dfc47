//! Many devices at once, and devices changed in part.

use domain::InstallationId;
use storage::installations::{Imported, Replaced};
use storage::{Channel, Installation, Platform, Registered};
use uuid::Uuid;

use crate::shop::{Shop, at, customer};

fn device(number: u128, token: &str) -> Installation {
    Installation {
        id: InstallationId(Uuid::from_u128(number)),
        app: "shop".into(),
        customer: customer(number),
        platform: Platform::Apns,
        environment: "production".into(),
        channel: Channel::Apns { token: token.into() },
        locale: "en".into(),
        tags: vec!["a".into(), format!("n:{number}")],
        expires_at: Some(at(1_000_000_000)),
        updated_at: at(0),
    }
}

fn counts(created: usize, updated: usize, removed: usize) -> Imported {
    Imported {
        created,
        updated,
        removed,
        erased: Vec::new(),
    }
}

#[tokio::test]
async fn what_is_imported_reads_as_written_and_twice_is_once() {
    let shop = Shop::open().await;
    let plain = Installation {
        tags: Vec::new(),
        expires_at: None,
        ..device(2, "bb")
    };
    let devices = [device(1, "aa"), plain, device(3, "cc")];
    let import =
        async |remove: &[InstallationId]| shop.storage.import_installations(&devices, remove).await.unwrap();
    assert_eq!(import(&[]).await, counts(3, 0, 0));
    for device in &devices {
        assert_eq!(
            shop.storage.installation(device.id).await.unwrap().as_ref(),
            Some(device)
        );
    }
    assert_eq!(
        import(&[InstallationId(Uuid::from_u128(9))]).await,
        counts(0, 3, 0)
    );
    let removed = shop
        .storage
        .import_installations(&[], &[devices[0].id])
        .await
        .unwrap();
    assert_eq!(removed, counts(0, 0, 1));
    assert_eq!(shop.storage.installation(devices[0].id).await.unwrap(), None);
    assert_eq!(
        shop.storage.import_installations(&[], &[]).await.unwrap(),
        counts(0, 0, 0)
    );
}

#[tokio::test]
async fn an_import_takes_channels_as_a_registration_does() {
    let shop = Shop::open().await;
    for device in [device(1, "aa"), device(2, "bb"), device(3, "cc")] {
        shop.storage.put_installation(&device).await.unwrap();
    }
    let gone = device(3, "cc");
    assert!(
        shop.storage
            .mark_gone(gone.id, &gone.channel, None, "unregistered")
            .await
            .unwrap()
    );
    let swapped = [device(1, "bb"), device(2, "aa"), device(3, "cc")];
    shop.storage.import_installations(&swapped, &[]).await.unwrap();
    for device in &swapped {
        assert_eq!(
            shop.storage.installation(device.id).await.unwrap().as_ref(),
            Some(device)
        );
    }
    let taken = [device(4, "aa")];
    assert_eq!(
        shop.storage.import_installations(&taken, &[]).await.unwrap(),
        counts(1, 0, 0)
    );
    assert_eq!(shop.storage.installation(swapped[1].id).await.unwrap(), None);
}

#[tokio::test]
async fn imports_and_registrations_at_once_do_not_block_each_other() {
    let shop = Shop::open().await;
    let devices = |from: u128| -> Vec<_> {
        (0..40)
            .map(|n| device(n, &format!("{:02x}", (n + from) % 40)))
            .collect()
    };
    for round in 0..5 {
        let (one, other) = (devices(round), devices(round + 7));
        let single = device(3, "05");
        let all = tokio::join!(
            shop.storage.import_installations(&one, &[]),
            shop.storage.import_installations(&other, &[]),
            shop.storage.put_installation(&single)
        );
        all.0.unwrap();
        all.1.unwrap();
        all.2.unwrap();
    }
}

#[tokio::test]
async fn a_change_is_made_to_what_was_seen_alone() {
    let shop = Shop::open().await;
    let before = device(1, "aa");
    shop.storage.put_installation(&before).await.unwrap();
    shop.storage.put_installation(&device(2, "bb")).await.unwrap();
    let after = Installation {
        locale: "de".into(),
        updated_at: at(5),
        ..device(1, "bb")
    };
    let replace =
        async |before: &Installation| shop.storage.replace_installation(before, &after).await.unwrap();
    assert_eq!(replace(&before).await, Replaced::Done);
    assert_eq!(
        shop.storage.installation(before.id).await.unwrap().as_ref(),
        Some(&after)
    );
    assert_eq!(
        shop.storage.installation(device(2, "").id).await.unwrap(),
        None,
        "its channel has moved"
    );
    assert_eq!(replace(&before).await, Replaced::Changed);

    let other = device(2, "cc");
    shop.storage.put_installation(&other).await.unwrap();
    assert_eq!(replace(&device(2, "dd")).await, Replaced::Changed);
    assert_eq!(
        shop.storage.put_installation(&other).await.unwrap(),
        Registered::Updated,
        "a change that is not made takes no channel"
    );
}
