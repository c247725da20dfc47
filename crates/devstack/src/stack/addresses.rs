//! Which part listens where.

use anyhow::{Result, bail};

use super::Part;
use crate::ports::{Port, is_free};

/// The ports of one stack, each on loopback.
#[derive(Debug)]
pub struct Addresses {
    ports: Vec<(Use, Port)>,
}

/// What a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// What a part offers to those who use it.
    Public(Part),
    /// A service's health and metrics.
    Admin(Part),
    /// Where the push sandbox takes pushes, over TLS.
    Push,
    /// Where the push sandbox takes mail.
    Mail,
}

impl Use {
    /// Where it is without an offset.
    const USUAL: [(Self, u16); 12] = [
        (Self::Public(Part::WebFrontend), 8080),
        (Self::Public(Part::RestApi), 8081),
        (Self::Public(Part::PushSandbox), 8082),
        (Self::Push, 8083),
        (Self::Mail, 8084),
        (Self::Admin(Part::WebFrontend), 8090),
        (Self::Admin(Part::RestApi), 8091),
        (Self::Admin(Part::OrderProcessor), 8092),
        (Self::Admin(Part::NotificationHub), 8093),
        (Self::Public(Part::Postgres), 15432),
        (Self::Public(Part::Redis), 16379),
        (Self::Public(Part::Nats), 14222),
    ];

    fn describe(self) -> String {
        match self {
            Self::Public(part) => part.name().to_owned(),
            Self::Admin(part) => format!("{part}'s admin port"),
            Self::Push => "push-sandbox's push port".to_owned(),
            Self::Mail => "push-sandbox's mail port".to_owned(),
        }
    }
}

impl Addresses {
    /// The usual ports, all moved by `offset`.
    pub fn usual(offset: u16) -> Result<Self> {
        if !offset.is_multiple_of(100) || offset > 40_000 {
            bail!("--port-offset must be a multiple of 100, at most 40000");
        }
        Ok(Self {
            ports: Use::USUAL
                .into_iter()
                .map(|(purpose, port)| (purpose, Port::fixed(port + offset)))
                .collect(),
        })
    }

    /// Ports that are free now and that no other test chooses.
    pub fn free() -> Result<Self> {
        let ports = Use::USUAL
            .into_iter()
            .map(|(purpose, _)| Ok((purpose, Port::free()?)));
        Ok(Self {
            ports: ports.collect::<Result<_>>()?,
        })
    }

    /// The port for this purpose; 0 where there is none.
    #[must_use]
    pub fn port(&self, purpose: Use) -> u16 {
        self.ports
            .iter()
            .find(|(known, _)| *known == purpose)
            .map_or(0, |(_, port)| port.number())
    }

    /// `127.0.0.1:<port>`
    #[must_use]
    pub fn listen(&self, purpose: Use) -> String {
        format!("127.0.0.1:{}", self.port(purpose))
    }

    /// Fails, naming the port and what to do, when one is taken.
    pub fn check(&self) -> Result<()> {
        for (purpose, port) in &self.ports {
            let number = port.number();
            if !is_free(number) {
                bail!(
                    "port {number} ({}) is taken: stop what listens there (`./scripts/down` for an earlier stack) or choose others with --port-offset 100",
                    purpose.describe()
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::{Addresses, Use};
    use crate::ports::Port;

    #[test]
    fn an_offset_is_a_multiple_of_100() {
        assert!(Addresses::usual(150).is_err());
        assert_eq!(Addresses::usual(200).unwrap().listen(Use::Push), "127.0.0.1:8283");
    }

    #[test]
    fn a_taken_port_is_named_with_its_user_and_a_way_out() {
        let addresses = Addresses {
            ports: vec![(Use::Push, Port::free().unwrap())],
        };
        addresses.check().unwrap();
        let _guest = TcpListener::bind(addresses.listen(Use::Push)).unwrap();
        let error = addresses.check().unwrap_err().to_string();
        assert!(
            error.contains(&addresses.port(Use::Push).to_string()) && error.contains("--port-offset"),
            "{error}"
        );
        assert!(error.contains("push-sandbox"), "{error}");
    }
}
