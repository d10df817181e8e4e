//! The table of routes, by what they are about.

mod automation;
mod connections;
mod decisions;
mod holds;
mod nas;
mod settings;
mod tasks;

use super::route::Route;
pub(super) use decisions::OUTCOMES;
use hyper::Method;

/// Every route of the API, in the order of its description.
pub(super) fn all() -> impl Iterator<Item = &'static Route> {
    let tables: [&'static [Route]; 7] = [
        &nas::ROUTES,
        &connections::ROUTES,
        &settings::ROUTES,
        &tasks::ROUTES,
        &holds::ROUTES,
        &automation::ROUTES,
        &decisions::ROUTES,
    ];
    tables.into_iter().flatten()
}

/// The name of the route of a path and a method.
pub(super) fn name_of(path: &str, method: &Method) -> &'static str {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    all()
        .find(|route| route.path == path && route.verb.method() == *method)
        .map_or("not_allowed", |route| route.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_and_places_are_each_once() {
        let ids: BTreeSet<_> = all().map(|route| route.id).collect();
        let places: BTreeSet<_> = all().map(|route| (route.path, route.verb.method().to_string())).collect();
        assert_eq!(ids.len(), all().count());
        assert_eq!(places.len(), all().count());
    }

    #[test]
    fn what_changes_something_can_be_tried_dry() {
        for route in all() {
            let has_dry_run = route.query.iter().any(|field| field.name == "dry_run");
            assert_eq!(has_dry_run, route.effects.changes(), "{}", route.id);
        }
    }
}
