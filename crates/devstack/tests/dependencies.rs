//! The direction of dependencies, held also where cargo-deny is not installed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use cargo_metadata::{Dependency, DependencyKind, MetadataCommand, Package};

const SERVERS: &[&str] = &["domain"];
const USE_CASES: &[&str] = &["messaging", "storage", "cache", "domain"];
const FRONT: &[&str] = &[
    "ordering",
    "identity",
    "registration",
    "messaging",
    "storage",
    "cache",
    "domain",
    "wishes",
    "chassis",
];

/// What each crate may use of the workspace: `services -> {ordering, identity, registration, chassis} -> {messaging, storage, cache} -> domain`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("conditions", &[]),
    ("wishes", &["domain", "conditions"]),
    ("push-texts", &["domain"]),
    ("messaging", &["domain", "conditions"]),
    ("storage", SERVERS),
    ("cache", SERVERS),
    ("ordering", USE_CASES),
    ("identity", USE_CASES),
    ("registration", &["storage", "domain"]),
    ("chassis", &["messaging", "storage", "cache"]),
    ("devstack", &[]),
    ("fcm", &[]),
    ("push-sandbox", &[]),
    (
        "waybillctl",
        &[
            "registration",
            "push-texts",
            "messaging",
            "storage",
            "cache",
            "domain",
            "chassis",
        ],
    ),
    (
        "bench",
        &[
            "devstack",
            "ordering",
            "identity",
            "messaging",
            "storage",
            "cache",
            "domain",
            "wishes",
            "chassis",
        ],
    ),
    ("web-frontend", FRONT),
    ("rest-api", FRONT),
    ("order-processor", FRONT),
    (
        "notification-hub",
        &[
            "fcm",
            "push-texts",
            "ordering",
            "identity",
            "messaging",
            "storage",
            "cache",
            "domain",
            "wishes",
            "chassis",
        ],
    ),
];

/// Each driver, and the crates that alone may name it.
const FENCES: &[(&str, &[&str])] = &[
    ("sqlx", &["storage", "bench"]),
    ("jiff-sqlx", &["storage"]),
    ("async-nats", &["messaging", "bench"]),
    ("nkeys", &["messaging"]),
    ("deadpool-redis", &["cache"]),
    ("redis", &["cache"]),
    ("apns-h2", &["notification-hub"]),
    ("fcm", &["notification-hub"]),
    ("gcp_auth", &["fcm"]),
];

fn packages() -> Vec<Package> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .exec()
        .unwrap()
        .packages
}

fn is_service(package: &Package) -> bool {
    package
        .manifest_path
        .components()
        .any(|part| part.as_str() == "services")
}

/// What breaks the rules, one line each.
fn breaches(packages: &[Package]) -> Vec<String> {
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let services: BTreeSet<&str> = packages
        .iter()
        .filter(|package| is_service(package))
        .map(|package| package.name.as_str())
        .collect();
    let mut found = Vec::new();
    for package in packages {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name.as_str()) else {
            found.push(format!(
                "{} has no place yet: give it one in this test",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            found.extend(breach(package, dependency, allowed, &names, &services));
        }
    }
    found
}

fn breach(
    package: &Package,
    dependency: &Dependency,
    allowed: &[&str],
    names: &BTreeSet<&str>,
    services: &BTreeSet<&str>,
) -> Option<String> {
    let (from, to) = (package.name.as_str(), dependency.name.as_str());
    let for_tests = dependency.kind == DependencyKind::Development;
    if let Some((_, owners)) = FENCES.iter().find(|(driver, _)| *driver == to)
        && !owners.contains(&from)
    {
        return Some(format!(
            "{from} names {to}, which only {} may",
            owners.join(" and ")
        ));
    }
    if !for_tests && is_service(package) && services.contains(to) {
        return Some(format!("{from} depends on {to}: services meet in streams only"));
    }
    let against_the_flow = names.contains(to) && !for_tests && !allowed.contains(&to);
    against_the_flow.then(|| format!("{from} depends on {to}, against the direction of architecture"))
}

#[test]
fn dependencies_point_one_way_and_drivers_are_fenced() {
    let found = breaches(&packages());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_breach_would_be_seen() {
    let mut packages = packages();
    let take = |packages: &[Package], owner: &str, name: &str| {
        let owner = packages
            .iter()
            .find(|package| package.name.as_str() == owner)
            .unwrap();
        owner
            .dependencies
            .iter()
            .find(|dependency| dependency.name == name)
            .unwrap()
            .clone()
    };
    let sqlx = take(&packages, "storage", "sqlx");
    let (mut storage, mut hub) = (sqlx.clone(), sqlx.clone());
    "storage".clone_into(&mut storage.name);
    "notification-hub".clone_into(&mut hub.name);
    let rest = packages
        .iter_mut()
        .find(|package| package.name.as_str() == "rest-api")
        .unwrap();
    rest.dependencies.extend([sqlx, hub]);
    let domain = packages
        .iter_mut()
        .find(|package| package.name.as_str() == "domain")
        .unwrap();
    domain.dependencies.push(storage);
    let found = breaches(&packages).join("\n");
    assert!(
        found.contains("rest-api names sqlx, which only storage and bench may"),
        "{found}"
    );
    assert!(found.contains("rest-api depends on notification-hub"), "{found}");
    assert!(
        found.contains("domain depends on storage, against the direction"),
        "{found}"
    );
}
