//! One object that knows when to stop: the first signal drains, the second or a time-out forces, a task that crashes
//! fails the process.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::health::Health;

/// The life of a service.
#[derive(Debug)]
pub struct Lifecycle {
    health: Health,
    stop: CancellationToken,
    tasks: TaskTracker,
    background: TaskTracker,
    background_stop: CancellationToken,
    crashed: mpsc::UnboundedSender<anyhow::Error>,
    crashes: mpsc::UnboundedReceiver<anyhow::Error>,
}

impl Lifecycle {
    /// A life that reports to `health` and ends when `stop` is cancelled; a binary gives a fresh token, a test its own.
    pub fn new(health: Health, stop: CancellationToken) -> Self {
        let (crashed, crashes) = mpsc::unbounded_channel();
        let (tasks, background) = (TaskTracker::new(), TaskTracker::new());
        Self {
            health,
            stop,
            tasks,
            background,
            background_stop: CancellationToken::new(),
            crashed,
            crashes,
        }
    }

    /// Cancelled when work should stop being taken on.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `task`, which must end by itself after [`Lifecycle::stopping`]; an error, a panic or an early end fails the process.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        let (crashed, stop) = (self.crashed.clone(), self.stop.clone());
        let running = tokio::spawn(task);
        self.tasks.spawn(async move {
            let crash = match running.await {
                Ok(Ok(())) if stop.is_cancelled() => return,
                Ok(Ok(())) => anyhow::anyhow!("{name} ended although nothing asked it to"),
                Ok(Err(error)) => error.context(format!("{name} failed")),
                Err(panic) => anyhow::anyhow!("{name} panicked: {panic}"),
            };
            drop(crashed.send(crash));
        });
    }

    /// Runs `task` until everything of [`Lifecycle::spawn`] has ended; then it is dropped.
    pub fn spawn_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.background_stop.clone();
        self.background.spawn(async move {
            tokio::select! {
                () = task => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// From here on the service may be ready. Waits for a signal, the stop token or a crash, then drains for at most `limit`.
    ///
    /// # Errors
    /// The crash, or that work in hand did not end in time.
    pub async fn run(mut self, limit: Duration) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        self.health.started();
        let crash = tokio::select! {
            name = signals.next() => {
                tracing::info!(signal = name, "stopping: finishing what is in hand");
                None
            }
            () = self.stop.cancelled() => None,
            crash = self.crashes.recv() => crash,
        };
        self.health.drain();
        self.stop.cancel();
        self.tasks.close();
        let drained = tokio::select! {
            () = self.tasks.wait() => Ok(()),
            _ = signals.next() => Err(anyhow::anyhow!("stopped by a second signal with work in hand")),
            () = tokio::time::sleep(limit) => Err(anyhow::anyhow!("work in hand did not end within {limit:?}")),
        };
        self.background_stop.cancel();
        self.background.close();
        match crash.or_else(|| self.crashes.try_recv().ok()) {
            Some(crash) => Err(crash),
            None => drained,
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life() -> (Lifecycle, CancellationToken, Health) {
        let (health, stop) = (Health::default(), CancellationToken::new());
        (Lifecycle::new(health.clone(), stop.clone()), stop, health)
    }

    #[tokio::test]
    async fn work_in_hand_is_finished_before_it_ends() {
        let (life, stop, health) = life();
        let (stopping, (done, mut finished)) = (life.stopping(), mpsc::channel(1));
        life.spawn("worker", async move {
            stopping.cancelled().await;
            tokio::task::yield_now().await;
            done.send(()).await?;
            Ok(())
        });
        stop.cancel();
        life.run(Duration::from_secs(5)).await.unwrap();
        assert!(finished.recv().await.is_some());
        assert!(health.report().draining);
    }

    #[tokio::test]
    async fn a_task_that_panics_fails_the_process() {
        let (life, _stop, _) = life();
        life.spawn("worker", async { panic!("broken") });
        let words = life.run(Duration::from_secs(5)).await.unwrap_err().to_string();
        assert!(words.contains("worker"), "{words}");
    }

    #[tokio::test]
    async fn a_task_that_ends_early_fails_the_process() {
        let (life, _stop, _) = life();
        life.spawn("worker", async { Ok(()) });
        assert!(life.run(Duration::from_secs(5)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_is_forced() {
        let (life, stop, _) = life();
        life.spawn("worker", std::future::pending());
        stop.cancel();
        let words = life.run(Duration::from_secs(5)).await.unwrap_err().to_string();
        assert!(words.contains("in hand"), "{words}");
    }
}
