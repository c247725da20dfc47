//! Connections to a push service: the least busy one is taken, and one that has fallen silent is given up.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use reqwest::{Client, RequestBuilder, Response};

use super::transport::{Settings, Speaks, client};

/// A pool of clients with one connection each (HTTP/2).
///
/// A connection on which nothing comes back any more gathers requests that wait, so the others are taken; the first of them that waits in vain
/// has it replaced. A ping would notice as well, but much later.
#[derive(Debug)]
pub struct Pool {
    settings: Settings,
    speaks: Speaks,
    lines: Vec<RwLock<Arc<Line>>>,
    next: AtomicUsize,
    begun: Instant,
}

/// A client and what goes on on its connection.
#[derive(Debug)]
struct Line {
    client: Client,
    in_flight: AtomicUsize,
    /// When an answer last came, in microseconds since the pool was made.
    answered: AtomicU64,
}

impl Line {
    fn new(client: Client) -> Arc<Self> {
        Arc::new(Self {
            client,
            in_flight: AtomicUsize::new(0),
            answered: AtomicU64::new(0),
        })
    }
}

impl Pool {
    /// A pool; connects to nothing yet.
    ///
    /// # Errors
    /// Where the extra certificates are no PEM or TLS can't be set up.
    pub fn new(settings: &Settings, speaks: &Speaks) -> Result<Self, reqwest::Error> {
        let lines = (0..settings.connections.max(1))
            .map(|_| Ok(RwLock::new(Line::new(client(settings, speaks)?))))
            .collect::<Result<_, reqwest::Error>>()?;
        Ok(Self {
            settings: settings.clone(),
            speaks: speaks.clone(),
            lines,
            next: AtomicUsize::new(0),
            begun: Instant::now(),
        })
    }

    /// A client to make a request with, or to fetch a token.
    pub fn client(&self) -> Client {
        self.line(0).client.clone()
    }

    /// Sends a request over the least busy connection.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, reqwest::Error> {
        let (request, lease) = (request.build()?, self.lease());
        let sent = lease.client().execute(request).await;
        match &sent {
            Err(error) if error.is_timeout() => lease.waited_in_vain(),
            _ => lease.answered(),
        }
        sent
    }

    /// The least busy client, for one request.
    pub fn lease(&self) -> Lease<'_> {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let lines = (0..self.lines.len()).map(|ahead| {
            let place = (start + ahead) % self.lines.len();
            (place, self.line(place))
        });
        let least = lines.min_by_key(|(_, line)| line.in_flight.load(Ordering::Relaxed));
        let (place, line) = least.unwrap_or_else(|| (0, self.line(0)));
        line.in_flight.fetch_add(1, Ordering::Relaxed);
        Lease {
            pool: self,
            place,
            line,
            begun: self.micros(),
        }
    }

    fn line(&self, place: usize) -> Arc<Line> {
        self.lines[place]
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Puts a fresh client into the place of `silent`, unless another one has come there already.
    fn replace(&self, place: usize, silent: &Arc<Line>) {
        let fresh = match client(&self.settings, &self.speaks) {
            Ok(fresh) => Line::new(fresh),
            Err(error) => return tracing::error!(%error, "a silent connection can't be replaced"),
        };
        let mut line = self.lines[place].write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&line, silent) {
            tracing::warn!("a connection to a push service has fallen silent: another one takes its place");
            metrics::counter!("push_connections_given_up_total").increment(1);
            *line = fresh;
        }
    }
}

/// A client in use.
#[derive(Debug)]
pub struct Lease<'a> {
    pool: &'a Pool,
    place: usize,
    line: Arc<Line>,
    begun: u64,
}

impl Lease<'_> {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.line.client
    }

    /// Something came back.
    pub fn answered(&self) {
        self.line
            .answered
            .fetch_max(self.pool.micros(), Ordering::Relaxed);
    }

    /// Nothing came back in time: the connection is given up where nothing did for others either.
    pub fn waited_in_vain(&self) {
        if self.line.answered.load(Ordering::Relaxed) <= self.begun {
            self.pool.replace(self.place, &self.line);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.line.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Pool {
        Pool::new(&Settings::new(3), &Speaks::Http2).unwrap()
    }

    #[test]
    fn the_least_busy_connection_is_taken() {
        let pool = pool();
        let busy: Vec<_> = (0..3).map(|_| pool.lease()).collect();
        let mut places: Vec<_> = busy.iter().map(|lease| lease.place).collect();
        places.sort_unstable();
        assert_eq!(places, [0, 1, 2]);
        let mut busy = busy;
        let free = busy.remove(1).place;
        for _ in 0..5 {
            assert_eq!(pool.lease().place, free);
        }
    }

    #[test]
    fn a_connection_is_given_up_only_where_nothing_came_back_for_anyone() {
        let pool = pool();
        let (slow, quick) = (pool.lease(), pool.lease());
        let beside = Lease {
            pool: &pool,
            place: slow.place,
            line: slow.line.clone(),
            begun: 0,
        };
        slow.line.in_flight.fetch_add(1, Ordering::Relaxed);
        slow.line.answered.store(slow.begun + 1, Ordering::Relaxed);
        slow.waited_in_vain();
        assert!(Arc::ptr_eq(&pool.line(slow.place), &slow.line), "others heard");
        drop(beside);
        quick.waited_in_vain();
        assert!(!Arc::ptr_eq(&pool.line(quick.place), &quick.line));
        quick.waited_in_vain();
        let once = pool.line(quick.place);
        quick.waited_in_vain();
        assert!(Arc::ptr_eq(&pool.line(quick.place), &once), "only once");
    }
}
