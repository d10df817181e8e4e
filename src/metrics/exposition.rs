//! The exposition as a whole: every NAS's page, our own families, and the bytes made of them.
//!
//! A snapshot is encoded once, when it is published. The joined and compressed bytes are kept until
//! a NAS publishes again or they are a second old, so a scrape of an unchanged exposition copies a
//! reference. Bytes that are too old to be served go when a NAS publishes: they are as large as all
//! pages together.

use super::collect::{CollectOptions, NasCollector};
use super::encode::Format;
use super::exporter::ExporterMetrics;
use super::nas_counters::NasCounters;
use super::page::Page;
use crate::model::{NasName, Snapshot};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How old our own families may be when they are served.
const OWN_SERIES_AGE: Duration = Duration::from_secs(1);

/// How the bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Which part of the exposition is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selection {
    /// Everything.
    All,
    /// The series of one NAS.
    Nas(NasName),
}

/// An exposition ready to be sent.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The bytes.
    pub body: Bytes,
    /// How they are compressed: not at all where compression failed.
    pub coding: Coding,
}

#[derive(Debug)]
struct Entry {
    counters: Arc<NasCounters>,
    snapshot: Arc<Snapshot>,
    page: Arc<Page>,
}

#[derive(Debug, Default)]
struct Store {
    nases: BTreeMap<NasName, Entry>,
    generation: u64,
}

#[derive(Debug)]
struct Cache {
    generation: u64,
    made: Instant,
    bodies: HashMap<(Format, Coding), Rendered>,
}

/// The store that pollers publish into and listeners serve from.
#[derive(Debug)]
pub struct Exposition {
    exporter: Arc<ExporterMetrics>,
    store: Mutex<Store>,
    cache: Mutex<Option<Cache>>,
}

/// A panic while one of our locks was held left the data whole: every change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exposition {
    /// An exposition of no NAS yet.
    pub fn new(exporter: Arc<ExporterMetrics>) -> Self {
        Self { exporter, store: Mutex::default(), cache: Mutex::new(None) }
    }

    /// The families of the program itself.
    pub fn exporter(&self) -> &Arc<ExporterMetrics> {
        &self.exporter
    }

    /// Publishes a NAS's snapshot, in place of the one before. Gives the families that were left out
    /// because there are more series than `options` allow.
    pub fn publish(
        &self,
        snapshot: Arc<Snapshot>,
        counters: &Arc<NasCounters>,
        options: CollectOptions,
    ) -> Vec<&'static str> {
        let (collector, dropped) = NasCollector::new(Arc::clone(&snapshot), options);
        for (family, series) in &dropped {
            counters.series_dropped(family, *series as u64);
        }
        let mut registry = Registry::default();
        registry.register_collector(Box::new(collector));
        let page = Arc::new(Page::encode(&registry));
        let name = snapshot.nas.clone();
        let mut store = lock(&self.store);
        store.generation += 1;
        store.nases.insert(name, Entry { counters: Arc::clone(counters), snapshot, page });
        drop(store);
        self.drop_old_bodies();
        dropped.into_iter().map(|(family, _)| family).collect()
    }

    /// Takes a NAS out, with all its series.
    pub fn withdraw(&self, nas: &NasName) {
        let mut store = lock(&self.store);
        store.generation += 1;
        store.nases.remove(nas);
    }

    /// Not while somebody is being served, who will see to it.
    fn drop_old_bodies(&self) {
        if let Ok(mut cache) = self.cache.try_lock()
            && cache.as_ref().is_some_and(|cache| cache.made.elapsed() >= OWN_SERIES_AGE)
        {
            *cache = None;
        }
    }

    /// The last snapshot of each NAS, by name.
    pub fn snapshots(&self) -> Vec<Arc<Snapshot>> {
        lock(&self.store).nases.values().map(|entry| Arc::clone(&entry.snapshot)).collect()
    }

    /// The last snapshot of one NAS.
    pub fn snapshot(&self, nas: &NasName) -> Option<Arc<Snapshot>> {
        lock(&self.store).nases.get(nas).map(|entry| Arc::clone(&entry.snapshot))
    }

    /// The bytes of a selection; `None` when there is no such NAS.
    pub fn render(&self, selection: &Selection, format: Format, coding: Coding) -> Option<Rendered> {
        match selection {
            Selection::All => Some(self.render_all(format, coding)),
            Selection::Nas(nas) => self.render_one(nas, format, coding),
        }
    }

    fn render_one(&self, nas: &NasName, format: Format, coding: Coding) -> Option<Rendered> {
        let (page, counters) = {
            let store = lock(&self.store);
            let entry = store.nases.get(nas)?;
            (Arc::clone(&entry.page), Arc::clone(&entry.counters))
        };
        let own = Page::encode(counters.registry());
        Some(compress(format.join(&[&page, &own]).into(), coding))
    }

    fn render_all(&self, format: Format, coding: Coding) -> Rendered {
        let mut cache = lock(&self.cache);
        let generation = lock(&self.store).generation;
        let fresh = cache
            .as_ref()
            .is_some_and(|cache| cache.generation == generation && cache.made.elapsed() < OWN_SERIES_AGE);
        if !fresh {
            *cache = None;
        }
        let cache = cache.get_or_insert_with(|| Cache {
            generation,
            made: Instant::now(),
            bodies: HashMap::with_capacity(6),
        });
        if let Some(rendered) = cache.bodies.get(&(format, coding)) {
            return rendered.clone();
        }
        let plain = match cache.bodies.get(&(format, Coding::Identity)) {
            Some(plain) => plain.body.clone(),
            None => self.join_all(format),
        };
        let rendered = compress(plain.clone(), coding);
        cache.bodies.insert((format, Coding::Identity), Rendered { body: plain, coding: Coding::Identity });
        cache.bodies.insert((format, coding), rendered.clone());
        rendered
    }

    fn join_all(&self, format: Format) -> Bytes {
        let entries: Vec<_> = lock(&self.store)
            .nases
            .values()
            .map(|entry| (Arc::clone(&entry.page), Arc::clone(&entry.counters)))
            .collect();
        let own: Vec<Page> = entries.iter().map(|(_, counters)| Page::encode(counters.registry())).collect();
        let exporter = Page::encode(self.exporter.registry());
        let mut pages: Vec<&Page> = Vec::with_capacity(entries.len() * 2 + 1);
        for ((page, _), own) in entries.iter().zip(&own) {
            pages.push(page);
            pages.push(own);
        }
        pages.push(&exporter);
        format.join(&pages).into()
    }
}

/// The fastest levels: an exposition shrinks twentyfold even so, and the CPU is often a NAS's.
fn compress(plain: Bytes, coding: Coding) -> Rendered {
    let compressed = match coding {
        Coding::Identity => None,
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::fast());
            encoder.write_all(&plain).and_then(|()| encoder.finish()).ok()
        }
        Coding::Zstd => zstd::bulk::compress(&plain, 1).ok(),
    };
    match compressed {
        Some(body) => Rendered { body: body.into(), coding },
        None => Rendered { body: plain, coding: Coding::Identity },
    }
}
