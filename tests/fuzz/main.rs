//! The fuzzer: one program for all checks. `FUZZ_TARGET` names the check, the arguments are libFuzzer's.

#![no_main]

// The scripted NASes and the API over them, as the integration tests have them.
#[allow(dead_code, reason = "the integration tests need more of it")]
#[path = "../it/actions"]
mod actions {
    pub(crate) mod desk;
    pub(crate) mod script;
}
#[allow(dead_code, reason = "the integration tests need more of it")]
#[path = "../it/admin"]
mod admin {
    pub(crate) mod api;
}
#[path = "checks/all.rs"]
mod checks;
mod memory;
mod mutate;

use std::sync::LazyLock;

use checks::{SMALLEST, TARGETS, Target};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names = || TARGETS.map(|target| target.name).join(", ");
    TARGETS
        .iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("FUZZ_TARGET is one of {}", names()))
});

fuzz_target!(|data: &[u8]| {
    let most = SMALLEST + TARGET.per_byte * data.len();
    let used = memory::most_in_use(|| (TARGET.check)(data));
    assert!(used <= most, "{used} bytes in use at once for {} of input; allowed: {most}", data.len());
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Bytes every now and then even where values are better: what is no JSON has to be refused as well.
    if TARGET.is_json && seed % 4 != 0 {
        mutate::json(data, size, max_size, seed).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
    } else {
        fuzzer_mutate(data, size, max_size)
    }
});
