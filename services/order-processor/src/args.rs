//! What the service needs to know.

use chassis::args::{ServersArgs, ServiceArgs};
use clap::Parser;
use domain::Partition;

/// The order processor: decides orders, writes them, and tells what happened.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Args {
    /// The partitions of orders this replica works at, e.g. p00,p01. All when not given.
    /// The first replica to ask for a partition has it; the others stand by.
    #[arg(long, env = "PARTITIONS", value_name = "PNN", value_delimiter = ',')]
    pub partitions: Vec<Partition>,

    /// For fault drills only: abort the whole process when a submission's note equals TEXT. Never set it in production.
    #[arg(long, env = "FAULT_MARKER", value_name = "TEXT")]
    pub fault_marker: Option<String>,

    /// Postgres, NATS and Redis.
    #[command(flatten)]
    pub servers: ServersArgs,

    /// The service itself.
    #[command(flatten)]
    pub service: ServiceArgs,
}

impl Args {
    /// The partitions to work at, each once, in ascending order.
    pub(crate) fn partitions(&self) -> Vec<Partition> {
        if self.partitions.is_empty() {
            return Partition::all().collect();
        }
        Partition::all()
            .filter(|partition| self.partitions.contains(partition))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use chassis::args::without_environment_name;
    use clap::CommandFactory;

    use super::*;

    fn parse(more: &[&str]) -> Result<Args, clap::Error> {
        let servers = [
            "--database-url=postgres://db",
            "--nats-url=nats://nats",
            "--redis-url=redis://redis",
        ];
        Args::try_parse_from(["order-processor"].iter().chain(&servers).chain(more))
    }

    #[test]
    fn every_flag_has_an_environment_name() {
        let command = Args::command();
        command.clone().debug_assert();
        assert_eq!(without_environment_name(&command), Vec::<String>::new());
    }

    #[test]
    fn a_replica_works_at_all_partitions_or_at_those_it_is_given() {
        assert_eq!(parse(&[]).unwrap().partitions().len(), 8);
        let some = parse(&["--partitions", "p03,p01,p03"]).unwrap().partitions();
        assert_eq!(
            some.iter().map(Partition::to_string).collect::<Vec<_>>(),
            ["p01", "p03"]
        );
        assert!(parse(&["--partitions", "p08"]).is_err());
    }
}
