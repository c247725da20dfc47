//! Who may connect to Redis, and what for.

use cache::permissions::User;
use devstack::testing::TestServers;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::shop::Shop;

fn password(user: User) -> String {
    format!("the-password-of-{user}")
}

/// What Redis answers to `commands`, given one after the other on one connection.
async fn say(url: &str, commands: &[String]) -> Vec<String> {
    let address = url.trim_start_matches("redis://").trim_end_matches('/');
    let mut redis = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut answers = Vec::new();
    for command in commands {
        redis
            .write_all(format!("{command}\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        redis.read_line(&mut answer).await.unwrap();
        answers.push(answer.trim().to_owned());
    }
    answers
}

#[tokio::test]
async fn the_printed_file_lets_each_user_in_by_his_password_and_to_his_own_alone() {
    let (shop, folder) = (Shop::bare().await, devstack::testing::folder().unwrap());
    let from = folder.path().to_str().unwrap();
    let print = ["cache", "permissions", "--passwords", from];
    for user in User::ALL {
        let said = shop.bad(&print).await;
        assert!(
            said.contains(user.name()) && said.contains("can't be read"),
            "{said}"
        );
        let file = folder.path().join(user.name());
        std::fs::write(&file, " \n").unwrap();
        let said = shop.bad(&print).await;
        assert!(said.contains(user.name()) && said.contains("is empty"), "{said}");
        std::fs::write(&file, format!("{}\n", password(user))).unwrap();
    }
    let printed = shop.good(&print).await;
    assert!(!printed.contains("the-password-of"), "{printed}");
    assert_eq!(printed.lines().next(), Some("user default reset off"));
    assert_eq!(printed.lines().count(), 1 + User::ALL.len());
    assert_eq!(shop.json(&print).await["acl"], printed.as_str());

    let servers = TestServers::start_with_redis_users(&printed).await;
    let redis = &servers.redis_url;
    assert!(say(redis, &["PING".into()]).await[0].starts_with("-NOAUTH"));
    for user in User::ALL {
        let wrong = say(redis, &[format!("AUTH {user} hunter2")]).await;
        assert!(wrong[0].starts_with("-WRONGPASS"), "{user}: {wrong:?}");
        let commands = [
            format!("AUTH {user} {}", password(user)),
            "PING".into(),
            "SET elsewhere 1".into(),
        ];
        let [known, ping, set] = say(redis, &commands).await.try_into().unwrap();
        assert_eq!((known.as_str(), ping.as_str()), ("+OK", "+PONG"), "{user}");
        match user {
            User::Operator => assert_eq!(set, "+OK"),
            _ => assert!(set.starts_with("-NOPERM"), "{user}: {set}"),
        }
    }
}
