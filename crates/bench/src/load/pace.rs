//! When each order is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How fast work is begun.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many a second, at even distances, however long each takes: a slow system does not slow its users down.
    PerSecond(f64),
    /// The next as soon as one is done, so many at once.
    InFlight(u32),
}

impl Pace {
    /// Begins `work` with each number below `count` and the time it was due, and waits for all.
    ///
    /// # Errors
    /// Where one of them panics.
    pub async fn keep<F>(self, count: u64, work: impl Fn(u64, Instant) -> F) -> Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        match self {
            Self::PerSecond(rate) => evenly(rate, count, work).await,
            Self::InFlight(most) => at_once(most, count, work).await,
        }
    }
}

async fn evenly<F>(rate: f64, count: u64, work: impl Fn(u64, Instant) -> F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (begun, mut tasks) = (Instant::now(), JoinSet::new());
    for number in 0..count {
        let due = begun + Duration::from_secs_f64(number as f64 / rate);
        sleep_until(due).await;
        tasks.spawn(work(number, due));
        // What is done is let go, so that a long load does not pile it up.
        while let Some(done) = tasks.try_join_next() {
            done?;
        }
    }
    finish(tasks).await
}

async fn at_once<F>(most: u32, count: u64, work: impl Fn(u64, Instant) -> F) -> Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (next, mut tasks) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    let begin = |tasks: &mut JoinSet<()>| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number < count {
            tasks.spawn(work(number, Instant::now()));
        }
    };
    (0..most).for_each(|_| begin(&mut tasks));
    while let Some(done) = tasks.join_next().await {
        done?;
        begin(&mut tasks);
    }
    Ok(())
}

async fn finish(mut tasks: JoinSet<()>) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        done?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn at_a_rate_each_is_due_in_its_time_however_long_the_others_take() {
        let (begun, due) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
        let work = |number: u64, at: Instant| {
            let due = Arc::clone(&due);
            async move {
                due.lock()
                    .unwrap()
                    .push((number, (at - begun).as_millis(), begun.elapsed().as_millis()));
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        };
        Pace::PerSecond(100.0).keep(3, work).await.unwrap();
        let due = due.lock().unwrap();
        assert_eq!(
            due.iter()
                .map(|(number, at, _)| (*number, *at))
                .collect::<Vec<_>>(),
            [(0, 0), (1, 10), (2, 20)]
        );
        assert!(due.iter().all(|(_, at, begun)| begun - at <= 2), "{due:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn in_flight_there_are_never_more_and_all_are_done() {
        let now = Arc::new(Mutex::new((0, 0, 0)));
        let work = |_, _| {
            let now = Arc::clone(&now);
            async move {
                {
                    let mut now = now.lock().unwrap();
                    now.0 += 1;
                    now.1 = now.1.max(now.0);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
                let mut now = now.lock().unwrap();
                now.0 -= 1;
                now.2 += 1;
            }
        };
        Pace::InFlight(4).keep(30, work).await.unwrap();
        assert_eq!(*now.lock().unwrap(), (0, 4, 30));
    }
}
