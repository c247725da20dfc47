//! Looks names up, and knows no address that is not public: what was checked is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The host of the push sandbox's pretend browsers. No name server knows a name below `.test` (RFC 6761).
const STAND_IN_HOST: &str = "push-sandbox.test";

/// The host has no public address.
#[derive(Debug, thiserror::Error)]
#[error("the host has no public address")]
pub(in crate::gateway) struct NotPublic;

/// Finds public addresses. In development, the push sandbox's host is led to the given addresses.
pub(in crate::gateway) struct PublicOnly {
    /// The stand-in's addresses; none in production.
    pub(in crate::gateway) stand_in: Vec<SocketAddr>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let stand_in = (name.as_str() == STAND_IN_HOST).then(|| self.stand_in.clone());
        Box::pin(async move {
            let found = match stand_in.filter(|addresses| !addresses.is_empty()) {
                Some(addresses) => addresses,
                None => public(tokio::net::lookup_host((name.as_str(), 0)).await?)?,
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn public(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotPublic> {
    let public: Vec<_> = found.filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        Err(NotPublic)
    } else {
        Ok(public)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Not one of the registry of special addresses (RFC 6890), nor multicast or reserved.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127, ..] | [192, 168, ..] | [169, 254, ..] => true,
        [100, second, ..] => (64..128).contains(&second),
        [172, second, ..] => (16..32).contains(&second),
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => true,
        [198, 51, 100, _] | [203, 0, 113, _] => true,
        [first, ..] => first >= 224,
    };
    !special
}

/// Global unicast (2000::/3) without what is set aside in it, or a public IPv4 address behind a translator (RFC 6052).
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    match (a, b) {
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => {
            let ([one, two], [three, four]) = (g.to_be_bytes(), h.to_be_bytes());
            is_public_v4(Ipv4Addr::new(one, two, three, four))
        }
        // Protocols' own, Teredo among them; documentation; 6to4, which carries an IPv4 address.
        (0x2001, ..0x200 | 0xdb8) | (0x2002, _) | (0x3fff, ..0x1000) => false,
        _ => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(stand_in: &[&str]) -> PublicOnly {
        PublicOnly {
            stand_in: stand_in.iter().map(|address| address.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn only_public_addresses_are_known() {
        for public in [
            "93.184.216.34",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "2606:2800:220:1::",
            "2a00:1450:4001::8a",
            "64:ff9b::5db8:d822",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.9.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:93.184.216.34",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn of_several_addresses_only_the_public_ones_are_used() {
        let found = |texts: &[&str]| {
            let addresses: Vec<SocketAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
            public(addresses.into_iter())
        };
        let kept = found(&["10.0.0.1:0", "93.184.216.34:0"]).unwrap();
        assert_eq!(kept, ["93.184.216.34:0".parse().unwrap()]);
        assert!(found(&["10.0.0.1:0", "[::1]:0"]).is_err());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_unknown_and_the_stand_in_is_known_in_development_alone() {
        let local = resolver(&[]).resolve("localhost".parse().unwrap()).await;
        assert!(local.err().unwrap().downcast_ref::<NotPublic>().is_some());
        let stand_in = resolver(&["127.0.0.1:8083"]);
        let found: Vec<_> = stand_in
            .resolve(STAND_IN_HOST.parse().unwrap())
            .await
            .unwrap()
            .collect();
        assert_eq!(found, ["127.0.0.1:8083".parse().unwrap()]);
        assert!(stand_in.resolve("localhost".parse().unwrap()).await.is_err());
    }
}
