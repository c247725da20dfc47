//! Reaching a server at start: says which and where, keeps trying, gives up in time.

use std::fmt::Display;
use std::time::Duration;

use rand::RngExt;
use tokio::time::Instant;

/// What an attempt came to when it failed.
#[derive(Debug)]
pub enum Failure<E> {
    /// Worth another attempt.
    Transient(E),
    /// It will never work.
    Permanent(E),
}

/// Calls `attempt` until it succeeds, with back-off from 100 ms to 3 s, for `limit` at most.
///
/// # Errors
/// The last cause, in one line with `what` was to be reached and what to check.
pub async fn retry<T, E: Display>(
    what: &str,
    limit: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, Failure<E>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(100);
    loop {
        let error = match attempt().await {
            Ok(value) => return Ok(value),
            Err(Failure::Permanent(error)) => anyhow::bail!("{error}"),
            Err(Failure::Transient(error)) => error,
        };
        if Instant::now() + pause >= deadline {
            anyhow::bail!(
                "gave up on {what} after {limit:?}: {error}. Is it running, and is its address right?"
            );
        }
        tracing::warn!(server = what, %error, retry_in = ?pause, "not reached yet, trying again");
        // Drawn before the wait: the generator must not be held across it, or the future could not move between threads.
        let jittered = pause.mul_f64(rand::rng().random_range(0.8..1.2));
        tokio::time::sleep(jittered).await;
        pause = (pause * 2).min(Duration::from_secs(3));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keeps_trying_until_it_works() {
        let mut left = 3;
        let value = retry("a server", Duration::from_secs(30), async || {
            left -= 1;
            if left == 0 {
                Ok(7)
            } else {
                Err(Failure::Transient("refused"))
            }
        })
        .await;
        assert_eq!(value.unwrap(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_in_time_and_says_what_and_why() {
        let failed = retry::<(), _>("Postgres", Duration::from_secs(5), async || {
            Err(Failure::Transient("connection refused"))
        })
        .await;
        let words = failed.unwrap_err().to_string();
        assert!(
            words.contains("Postgres") && words.contains("connection refused"),
            "{words}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_try_again_what_never_works() {
        let mut calls = 0;
        let failed = retry::<(), _>("NATS", Duration::from_secs(5), async || {
            calls += 1;
            Err(Failure::Permanent("too old"))
        })
        .await;
        assert!(failed.is_err());
        assert_eq!(calls, 1);
    }
}
