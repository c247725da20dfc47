//! What the command line takes, and what it does not.

use super::*;

fn parse(flags: &[&str]) -> Result<HubArgs, clap::Error> {
    let needed = [
        "notification-hub",
        "--database-url",
        "postgres://x",
        "--nats-url",
        "nats://x",
    ];
    HubArgs::try_parse_from(needed.iter().chain(flags))
}

#[test]
fn every_platform_may_be_left_out() {
    let args = parse(&[]).unwrap();
    assert!(args.apns.apns_key_file.is_none() && args.fcm.fcm_service_account_file.is_none());
    assert_eq!(args.apns.apns_url.as_str(), "https://api.push.apple.com/");
}

#[test]
fn half_of_a_platforms_credentials_is_refused() {
    assert!(parse(&["--apns-key-file", "k.p8"]).is_err());
    assert!(parse(&["--apns-topic", "shop.waybill.app"]).is_err());
    assert!(parse(&["--wns-client-id", "c"]).is_err());
    assert!(parse(&["--wns-package-sid", "ms-app://S-1"]).is_err());
    assert!(parse(&["--webpush-vapid-key-file", "k.pem"]).is_err());
    assert!(parse(&["--webpush-subject", "mailto:push@shop.example"]).is_err());
    assert!(parse(&["--fcm-analytics-label", "orders"]).is_err());
    assert!(parse(&["--apns-app-topics", "a=b"]).is_err());
}

#[test]
fn a_flag_says_what_it_takes() {
    let file = "--webpush-vapid-key-file=k.pem";
    for (good, with) in [
        ("--webpush-subject=mailto:push@shop.example", file),
        ("--webpush-subject=https://shop.example/contact", file),
        (
            "--fcm-analytics-label=orders-2.0~a%",
            "--fcm-service-account-file=a.json",
        ),
    ] {
        assert!(parse(&[good, with]).is_ok(), "{good}");
    }
    for (bad, with) in [
        ("--webpush-subject=push@shop.example", file),
        ("--webpush-subject=mailto:nobody", file),
        ("--webpush-subject=http://shop.example", file),
        (
            "--fcm-analytics-label=two words",
            "--fcm-service-account-file=a.json",
        ),
        ("--fcm-analytics-label=", "--fcm-service-account-file=a.json"),
    ] {
        assert!(parse(&[bad, with]).is_err(), "{bad}");
    }
    assert_eq!(app_topic("a=b.c"), Ok(("a".into(), "b.c".into())));
    assert!(app_topic("a").is_err() && app_topic("=b").is_err() && app_topic("a=").is_err());
}

#[test]
fn the_two_ways_to_sign_in_exclude_each_other() {
    let sdk = [
        "--wns-tenant-id",
        "t",
        "--wns-client-id",
        "c",
        "--wns-client-secret-file",
        "f",
    ];
    let uwp = [
        "--wns-package-sid",
        "ms-app://S-1",
        "--wns-package-secret-file",
        "f",
    ];
    assert!(parse(&sdk).is_ok());
    assert!(parse(&uwp).is_ok());
    assert!(parse(&[&sdk[..], &uwp[..]].concat()).is_err());
}

#[test]
fn push_services_are_only_reached_over_tls() {
    assert!(parse(&["--fcm-url", "http://127.0.0.1:1"]).is_err());
}

#[test]
fn the_command_line_is_well_formed() {
    use clap::CommandFactory;
    HubArgs::command().debug_assert();
}
