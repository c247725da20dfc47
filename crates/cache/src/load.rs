//! Loading what is not cached: once for all who wait, and never over something newer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::flight::Role;
use crate::policy::LONGEST_LOAD;
use crate::versioned::Found;
use crate::{Cache, Put, Versioned};

impl<V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Cache<V> {
    /// Like [`Cache::get`]; on a miss `load`s once for all who wait, and puts what it gave newer-wins into both tiers.
    /// With Redis away it loads all the same. Gives what is cached where that turns out newer than what was loaded.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn get_or_load<E, F>(&self, key: &str, floor: u64, load: F) -> Result<Option<Versioned<V>>, E>
    where
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Option<Versioned<V>>, E>> + Send,
    {
        match self.get(key, floor).await {
            Ok(Some(entry)) => Ok(Some(entry)),
            Ok(None) | Err(_) => self.load(key, "", floor, load).await,
        }
    }

    /// Loads without looking first, once for all who wait for the same `key` as the same `reader`: what `load` gives may
    /// depend on who asks. Puts and answers as [`Cache::get_or_load`].
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn load<E, F>(
        &self,
        key: &str,
        reader: &str,
        floor: u64,
        load: F,
    ) -> Result<Option<Versioned<V>>, E>
    where
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Option<Versioned<V>>, E>> + Send,
    {
        let name = format!("{key} {reader}");
        loop {
            let lead = match self.flights.join(&name) {
                Role::Lead(lead) => lead,
                Role::Follow(follow) => match follow.landed::<Result<Option<Versioned<V>>, E>>().await {
                    // The leader was cancelled: whoever comes first leads now.
                    None => continue,
                    Some(Ok(found)) if found.as_ref().map_or(0, |entry| entry.version) < floor => {
                        return self.load_now(key, load).await;
                    }
                    Some(outcome) => return outcome,
                },
            };
            let outcome = self.load_now(key, load).await;
            lead.land(outcome.clone());
            return outcome;
        }
    }

    async fn load_now<E, F>(&self, key: &str, load: F) -> Result<Option<Versioned<V>>, E>
    where
        F: Future<Output = Result<Option<Versioned<V>>, E>> + Send,
    {
        metrics::counter!("cache_loads_total", "cache" => self.policy.name).increment(1);
        let generation = self.in_process.generation();
        let begun = Instant::now();
        let Some(loaded) = load.await? else {
            return Ok(None);
        };
        if begun.elapsed() > LONGEST_LOAD {
            return Ok(Some(loaded));
        }
        let newer = match self.put_under(generation, key, &loaded, None).await {
            Ok(Put::Written | Put::Same) => return Ok(Some(loaded)),
            Ok(Put::Older) => self.find(key, loaded.version).await.unwrap_or(Found::Nothing),
            Err(_) => self
                .in_process
                .get(key, loaded.version)
                .await
                .map_or(Found::Nothing, Found::Value),
        };
        Ok(match newer {
            Found::Value(newer) => Some(newer),
            Found::Deleted(version) if version > loaded.version => None,
            Found::Deleted(_) | Found::Nothing => Some(loaded),
        })
    }
}
