//! Child processes that never outlive the process that started them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};

use crate::programs::on_path;

/// How often a waiting call looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

type Order = (Command, mpsc::Sender<std::io::Result<Child>>);

/// Linux ties a child's life to the *thread* that started it, so all children come from one thread that lives as long as the process.
static STARTER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
    let (orders, inbox) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, answer) in inbox {
            // Nobody listens only when the caller itself is gone.
            let _ = answer.send(command.spawn());
        }
    });
    orders
});

/// What to run, and as whom.
#[derive(Debug)]
pub struct Program {
    command: Command,
    log: Option<PathBuf>,
}

impl Program {
    /// A program that gets `when_orphaned` when the process that started it ends, however it ends (where `setpriv` of util-linux exists).
    pub fn new(path: &Path, when_orphaned: Signal) -> Self {
        let command = on_path("setpriv").map_or_else(
            || Command::new(path),
            |setpriv| {
                let mut command = Command::new(setpriv);
                let signal = when_orphaned.as_str().trim_start_matches("SIG");
                command.args(["--pdeathsig", signal, "--"]).arg(path);
                command
            },
        );
        Self { command, log: None }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Adds variables of the environment.
    #[must_use]
    pub fn envs<K: AsRef<std::ffi::OsStr>, V: AsRef<std::ffi::OsStr>>(
        mut self,
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.command.envs(vars);
        self
    }

    /// Runs it in this folder.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it as another user, when there is one to change to.
    #[must_use]
    pub fn user(mut self, user: Option<&User>) -> Self {
        use std::os::unix::process::CommandExt;
        if let Some(user) = user {
            self.command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        self
    }

    /// Keeps the terminal's Ctrl-C from it, so that it is stopped in order.
    #[must_use]
    pub fn away_from_terminal(mut self) -> Self {
        use std::os::unix::process::CommandExt;
        self.command.process_group(0);
        self
    }

    /// Appends what it prints to this file; without one it is dropped.
    #[must_use]
    pub fn log(mut self, file: PathBuf) -> Self {
        self.log = Some(file);
        self
    }

    /// Starts it.
    pub fn start(mut self) -> std::io::Result<Process> {
        self.command.stdin(Stdio::null());
        if let Some(path) = &self.log {
            let file = File::options().create(true).append(true).open(path)?;
            self.command.stdout(file.try_clone()?).stderr(file);
        } else {
            self.command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let (answer, started) = mpsc::channel();
        let gone = || std::io::Error::other("the thread that starts processes is gone");
        STARTER.send((self.command, answer)).map_err(|_| gone())?;
        Ok(Process {
            child: started.recv().map_err(|_| gone())??,
        })
    }
}

/// A running child. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Sends a signal; one that has ended already is left alone.
    pub fn signal(&mut self, signal: Signal) {
        if self.ended().is_none()
            && let Ok(id) = i32::try_from(self.child.id())
        {
            // It may end between the question and the signal.
            let _ = kill(Pid::from_raw(id), signal);
        }
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop with `signal` and waits; after `patience` kills it. Gives how it ended, `None` when it had to be killed.
    pub async fn stop(&mut self, signal: Signal, patience: Duration) -> Option<ExitStatus> {
        self.signal(signal);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.kill();
        None
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
