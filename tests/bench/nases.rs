//! Many simulated NASes in one process, each on a port of its own, whose files move.
//!
//! `nases NASES CONNECTIONS TASKS` (connections of each NAS, tasks of each connection) prints a line for each NAS:
//! its URL and that of its controls. It ends when it is killed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a tool of the benchmarks, which fails by panicking"
)]

use std::net::{Ipv4Addr, SocketAddr};

use cloudsync_exporter::sim::world::{Transfer, Workload};
use cloudsync_exporter::sim::{SimOptions, Simulator, World};

const MIB: i64 = 1 << 20;

/// Requests that all NASes together remember.
const MOST_REMEMBERED: usize = 10_000;

/// Connections with quotas whose tasks each have a large file on its way and small ones that come now and then.
fn world(connections: usize, tasks: usize) -> World {
    let mut world = World::empty();
    for connection in 0..connections {
        let kind = ["db", "gd", "od_v1", "az", "wd"][connection % 5];
        let added = world.add_connection(kind, &format!("Connection {connection}"));
        added.property.quota_used = Some(700_000 * MIB);
        added.property.quota_total = Some(2_000_000 * MIB);
        let id = added.id;
        for task in 0..tasks {
            let path = format!("/share/{connection}/{task}");
            let added = world.add_task(id, &path, &format!("/Cloud/{task}")).unwrap();
            added.workload = Some(Workload {
                backlog: 0,
                seconds_per_file: 30,
                parallel: 2,
                rate: MIB / 2,
                sizes: (MIB / 4, 4 * MIB),
                downloads: 30,
            });
            let id = added.id;
            world.add_transfer(Transfer::upload(id, &format!("{path}/archive.zip"), 2_000_000 * MIB));
        }
    }
    world
}

#[tokio::main]
async fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|number| number.parse().unwrap()).collect();
    let [nases, connections, tasks] = numbers[..] else { panic!("nases NASES CONNECTIONS TASKS") };
    let loopback: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let mut running = Vec::new();
    for _ in 0..nases {
        let world = world(connections, tasks);
        let remembered_requests = MOST_REMEMBERED / nases;
        let options = SimOptions { world, moving: true, remembered_requests, ..SimOptions::default() };
        let simulator = Simulator::bind(loopback, options).await.unwrap();
        let control = simulator.control().serve(loopback).await.unwrap();
        println!("{} http://{control}", simulator.base_url());
        running.push(simulator);
    }
    std::future::pending::<()>().await;
}
