//! `get_conn_auth_info`: a connection's access to its cloud. Nearly all of it is secret.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Fields;

/// The whole answer, since a new task is described by all of it. It cannot be serialised and its Debug shows names
/// alone; [`AuthInfo::fields`] and [`AuthInfo::redacted`] give what may be shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct AuthInfo {
    fields: Fields,
}

/// The fields that are no secrets: kinds, ids, names, addresses, region and paths. A field that is not listed here,
/// those of future builds included, counts as secret.
const OPEN: [&str; 25] = [
    "auth_scheme",
    "auth_user",
    "bucket_id",
    "bucket_name",
    "client_type",
    "conn_id",
    "container_name",
    "openstack_domain_id",
    "openstack_domain_name",
    "openstack_identity_service_url",
    "openstack_identity_service_version",
    "openstack_proj_id",
    "openstack_region",
    "openstack_tenant_id",
    "openstack_tenant_name",
    "region",
    "resource",
    "root_folder_id",
    "root_folder_path",
    "server_addr",
    "service_host",
    "type",
    "type_id",
    "unique_id",
    "user_name",
];

/// What may be shown of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown<'a> {
    /// The value of a field that is no secret.
    Value(&'a Value),
    /// A secret that is there.
    Present,
    /// A secret that is null or empty.
    Absent,
}

impl AuthInfo {
    /// Every field with what may be shown of it, sorted by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Shown<'_>)> {
        self.fields.iter().map(|(name, value)| {
            let shown = match value {
                Value::Array(_) | Value::Object(_) => Shown::Present,
                value if OPEN.contains(&name.as_str()) => Shown::Value(value),
                Value::Null => Shown::Absent,
                Value::String(text) if text.is_empty() => Shown::Absent,
                _ => Shown::Present,
            };
            (name.as_str(), shown)
        })
    }

    /// What may be shown, under the NAS's own names: open fields as they are, every other as the word `present` or
    /// `absent`.
    pub fn redacted(&self) -> Map<String, Value> {
        let shown = self.fields().map(|(name, shown)| {
            let value = match shown {
                Shown::Value(value) => value.clone(),
                Shown::Present => "present".into(),
                Shown::Absent => "absent".into(),
            };
            (name.to_owned(), value)
        });
        shown.collect()
    }

    /// All of it, secrets included.
    pub(in crate::dsm::cloud_sync) fn expose(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.fields.iter()
    }
}

impl fmt::Debug for AuthInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthInfo")
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_neither_shown_nor_printed() {
        let info: AuthInfo = serde_json::from_value(json!({
            "access_token": "canary", "secret_key": "", "refresh_token": null, "unheard_of": "canary",
            "user_name": "ann", "conn_id": 3, "server_addr": {"nested": "canary"},
        }))
        .unwrap();
        let shown: Vec<_> = info.fields().collect();
        assert_eq!(
            shown,
            [
                ("access_token", Shown::Present),
                ("conn_id", Shown::Value(&json!(3))),
                ("refresh_token", Shown::Absent),
                ("secret_key", Shown::Absent),
                ("server_addr", Shown::Present),
                ("unheard_of", Shown::Present),
                ("user_name", Shown::Value(&json!("ann"))),
            ]
        );
        let redacted = Value::Object(info.redacted());
        assert_eq!(
            redacted,
            json!({
                "access_token": "present", "conn_id": 3, "refresh_token": "absent", "secret_key": "absent",
                "server_addr": "present", "unheard_of": "present", "user_name": "ann",
            })
        );
        assert!(!format!("{info:?} {shown:?} {redacted}").contains("canary"));
    }
}
