//! Who may connect to NATS, and what for.

use std::os::unix::fs::PermissionsExt;

use crate::shop::Shop;

#[tokio::test]
async fn keys_are_made_once_for_their_owner_alone() {
    let (shop, folder) = (Shop::bare().await, devstack::testing::folder().unwrap());
    let keys = folder.path().join("keys");
    let make = ["topology", "keys", "--out", keys.to_str().unwrap()];
    let made = shop.json(&make).await;
    assert_eq!(made.as_object().unwrap().len(), 5);
    let kept = shop.json(&make).await;
    for (user, one) in made.as_object().unwrap() {
        assert_eq!(
            (&one["change"], &kept[user]["change"]),
            (&"made".into(), &"kept".into())
        );
        assert_eq!(one["key"], kept[user]["key"]);
        let file = keys.join(format!("{user}.nk"));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let seed = std::fs::read_to_string(&file).unwrap();
        assert!(seed.starts_with("SU"), "{user}");
        assert!(!made.to_string().contains(seed.trim()), "{user}");
    }
    std::fs::write(keys.join("rest-api.nk"), "hunter2").unwrap();
    let said = shop.bad(&make).await;
    assert!(said.contains("rest-api.nk: is not a user's nkey seed"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_permission_file_that_does_not_match_the_topology_is_an_error_that_names_the_line() {
    let (shop, folder) = (Shop::bare().await, devstack::testing::folder().unwrap());
    let (keys, file) = (folder.path().join("keys"), folder.path().join("users.conf"));
    let (keys, name) = (keys.to_str().unwrap(), file.to_str().unwrap());
    let said = shop.bad(&["topology", "permissions", "--keys", keys]).await;
    assert!(said.contains("`waybillctl topology keys` makes it"), "{said}");

    let made = shop.json(&["topology", "keys", "--out", keys]).await;
    let printed = shop.good(&["topology", "permissions", "--keys", keys]).await;
    let pairs = made.as_object().unwrap().iter();
    let pairs = pairs.map(|(user, one)| format!("{user}={}", one["key"].as_str().unwrap()));
    let pairs = pairs.collect::<Vec<_>>().join(",");
    assert_eq!(
        shop.good(&["topology", "permissions", "--key", &pairs]).await,
        printed
    );

    std::fs::write(&file, &printed).unwrap();
    for more in [&[][..], &["--keys", keys]] {
        let check = [&["topology", "permissions", "--check", name], more].concat();
        assert!(shop.good(&check).await.ends_with("matches the topology\n"));
    }
    let line = printed
        .lines()
        .position(|line| line.contains("\"orders.*.cancel.*\""))
        .unwrap()
        + 1;
    std::fs::write(&file, printed.replacen("orders.*.cancel.*", "orders.>", 1)).unwrap();
    let said = shop.bad(&["topology", "permissions", "--check", name]).await;
    let expected = format!("line {line} is `\"orders.>\"`, not `\"orders.*.cancel.*\"`");
    assert!(said.contains(&expected) && said.contains(name), "{said}");

    // Another folder's keys.
    std::fs::write(&file, &printed).unwrap();
    let others = folder.path().join("others");
    let others = others.to_str().unwrap();
    shop.good(&["topology", "keys", "--out", others]).await;
    let said = shop
        .bad(&["topology", "permissions", "--check", name, "--keys", others])
        .await;
    assert!(said.contains("nkey"), "{said}");

    std::fs::write(&file, "listen: 4222\n").unwrap();
    let said = shop.bad(&["topology", "permissions", "--check", name]).await;
    assert!(said.contains("web-frontend has no key"), "{said}");
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_with_what_it_should_be() {
    let shop = Shop::bare().await;
    for (key, word) in [
        ("rest-api", "`=`"),
        ("mallory=UA", "no user `mallory`"),
        ("rest-api=UA", "public nkey"),
    ] {
        let said = shop.run(&["topology", "permissions", "--key", key]).await;
        assert!(!said.ok && said.error.contains(word), "{said:?}");
    }
    let said = shop.run(&["topology", "permissions"]).await;
    assert!(!said.ok && said.error.contains("--key"), "{said:?}");
}
