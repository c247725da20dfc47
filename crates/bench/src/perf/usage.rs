//! What processes use, from `/proc`.

use std::time::Duration;

use anyhow::{Context, Result};

/// Of the kernel's clock, a second.
const TICKS: f64 = 100.0;

/// The numbers of one line of `/proc/<id>/stat` that count here.
struct Stat {
    id: u32,
    parent: u32,
    /// Of itself.
    own: u64,
    /// Of its children that have ended.
    ended: u64,
}

/// The time on a processor of process `id` and all its descendants, those that have ended too.
pub(super) fn cpu(id: u32) -> Result<Duration> {
    let all: Vec<Stat> = std::fs::read_dir("/proc")
        .context("there is no /proc here")?
        .filter_map(|entry| stat(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect();
    let mut family = vec![id];
    let mut ticks = 0;
    while let Some(member) = family.pop() {
        ticks += all
            .iter()
            .filter(|stat| stat.id == member)
            .map(|stat| stat.own + stat.ended)
            .sum::<u64>();
        family.extend(
            all.iter()
                .filter(|stat| stat.parent == member)
                .map(|stat| stat.id),
        );
    }
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS))
}

/// What process `id` keeps in memory, in MiB.
pub(super) fn memory(id: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: f64 = kib.context("a process without memory")?.parse()?;
    Ok(kib / 1024.0)
}

fn stat(id: u32) -> Option<Stat> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses and may have blanks.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        id,
        parent: u32::try_from(number(1)?).ok()?,
        own: number(11)? + number(12)?,
        ended: number(13)? + number(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_time() {
        let id = std::process::id();
        assert!(memory(id).unwrap() > 1.0);
        let before = cpu(id).unwrap();
        let mut sum = 0_u64;
        while cpu(id).unwrap() <= before {
            sum = (0..1_000_000).fold(sum, |sum: u64, n| sum.wrapping_mul(31).wrapping_add(n));
        }
        assert_ne!(sum, 1);
    }
}
