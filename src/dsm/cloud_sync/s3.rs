//! A new task on an Amazon S3 connection, and the `conn_info` that describes it to the NAS (API notes §4).

use serde_json::{Map, Value, json};

use super::wire;
use crate::dsm::error::{ParameterFault, tame};

/// The `type` of an Amazon S3 connection.
pub const S3: &str = "az";

/// A task to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Task {
    /// The folder on the NAS, `/SHARE/DIRECTORY…`.
    pub local_path: String,
    /// The folder in the bucket: begins with `/`, does not end with one.
    pub cloud_path: String,
    /// `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub sync_direction: String,
    /// Such as `STANDARD`.
    pub storage_class: String,
    /// Extensions to leave out, without the dot.
    pub filtered_extensions: Vec<String>,
    /// File names to leave out.
    pub filtered_names: Vec<String>,
    /// Leave out files of more bytes; 0 = no limit.
    pub filtered_max_upload_size: i64,
}

impl S3Task {
    /// The path rules, before anything is sent.
    pub fn check(&self) -> Result<(), ParameterFault> {
        local_parts(&self.local_path)?;
        cloud_segments(&self.cloud_path).map(|_| ())
    }

    /// The whole answer of `get_conn_auth_info`, overlaid with the task. It holds secrets.
    pub(super) fn conn_info(
        &self,
        property: &wire::Property,
        auth: &wire::AuthInfo,
    ) -> Result<Value, ParameterFault> {
        match property.kind.as_str() {
            Some(S3) => {}
            other => return Err(ParameterFault::NotS3 { found: tame(other.unwrap_or("unknown")) }),
        }
        let (share, rest) = local_parts(&self.local_path)?;
        // One object for each segment, the empty one before the first `/` included.
        let folders: Vec<Value> = cloud_segments(&self.cloud_path)?
            .map(|segment| {
                json!({
                    "alternatelink": "", "file_id": "", "mtime": 0, "parent_id": "", "title": "",
                    "path": format!("/{segment}"),
                })
            })
            .collect();
        let mut info: Map<String, Value> =
            auth.expose().map(|(name, value)| (name.clone(), value.clone())).collect();
        info.extend(self.own_fields(folders, (share, rest)).map(|(name, value)| (name.to_owned(), value)));
        Ok(Value::Object(info))
    }

    /// The same for people: of the access, secrets are only said to be there or not.
    pub fn outline(
        &self,
        property: &wire::Property,
        auth: &wire::AuthInfo,
    ) -> Result<Map<String, Value>, ParameterFault> {
        let Value::Object(mut info) = self.conn_info(property, auth)? else { return Ok(Map::new()) };
        for (name, shown) in auth.redacted() {
            // What the task overlays is the task's own.
            if auth.expose().any(|(secret, value)| *secret == name && info.get(secret) == Some(value)) {
                info.insert(name, shown);
            }
        }
        Ok(info)
    }

    fn own_fields(&self, folders: Vec<Value>, (share, rest): (&str, &str)) -> [(&'static str, Value); 18] {
        [
            ("path", json!(self.local_path)),
            ("path_share", json!(share)),
            ("path_sync", json!(rest)),
            (
                "filter_file",
                json!({
                    "filtered_extensions": self.filtered_extensions,
                    "filtered_max_upload_size": self.filtered_max_upload_size,
                    "filtered_names": self.filtered_names,
                }),
            ),
            ("sync_direction", json!(self.sync_direction)),
            ("server_folder", json!(self.cloud_path)),
            ("server_folder_path", json!(self.cloud_path)),
            ("server_folder_id", json!("")),
            ("part_size", json!("")),
            ("storage_class", json!(self.storage_class)),
            ("server_folder_meta_list", Value::Array(folders)),
            ("filter_folder", json!([])),
            ("filter_changed", json!(false)),
            ("no_delete", json!(false)),
            ("isSSE", json!(false)),
            ("server_encryption", json!(false)),
            ("sync_attr_check_option", json!(true)),
            ("mode_add_session", json!(true)),
        ]
    }
}

fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment != "." && segment != ".." && !segment.contains('\0')
}

/// The share, and the rest with its leading `/`.
fn local_parts(path: &str) -> Result<(&str, &str), ParameterFault> {
    let below_root = path.strip_prefix('/').ok_or(ParameterFault::LocalPath)?;
    let (share, below_share) = below_root.split_once('/').ok_or(ParameterFault::LocalPath)?;
    if !is_plain(share) || !below_share.split('/').all(is_plain) {
        return Err(ParameterFault::LocalPath);
    }
    Ok((share, &below_root[share.len()..]))
}

/// The segments, the empty one before the leading `/` first.
fn cloud_segments(path: &str) -> Result<std::str::Split<'_, char>, ParameterFault> {
    let below_root = path.strip_prefix('/').ok_or(ParameterFault::CloudPath)?;
    if below_root.split('/').all(is_plain) { Ok(path.split('/')) } else { Err(ParameterFault::CloudPath) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> S3Task {
        S3Task {
            local_path: "/share/photos/2024".into(),
            cloud_path: "/backup/photos".into(),
            sync_direction: "ONLY_UPLOAD".into(),
            storage_class: "STANDARD".into(),
            filtered_extensions: vec!["iso".into()],
            filtered_names: vec![],
            filtered_max_upload_size: 0,
        }
    }

    fn property(kind: &str) -> wire::Property {
        serde_json::from_value(json!({"type": kind})).unwrap()
    }

    #[test]
    fn conn_info_is_the_access_overlaid_with_the_task() {
        let auth =
            serde_json::from_value(json!({"secret_key": "s", "storage_class": "OLD", "conn_id": 5})).unwrap();
        let info = task().conn_info(&property("az"), &auth).unwrap();
        let folder = |path: &str| json!({"alternatelink": "", "file_id": "", "mtime": 0, "parent_id": "", "path": path, "title": ""});
        assert_eq!(
            info,
            json!({
                "secret_key": "s", "conn_id": 5,
                "path": "/share/photos/2024", "path_share": "share", "path_sync": "/photos/2024",
                "filter_file": {
                    "filtered_extensions": ["iso"], "filtered_max_upload_size": 0, "filtered_names": [],
                },
                "sync_direction": "ONLY_UPLOAD",
                "server_folder": "/backup/photos", "server_folder_path": "/backup/photos", "server_folder_id": "",
                "part_size": "", "storage_class": "STANDARD",
                "server_folder_meta_list": [folder("/"), folder("/backup"), folder("/photos")],
                "filter_folder": [], "filter_changed": false, "no_delete": false, "isSSE": false,
                "server_encryption": false, "sync_attr_check_option": true, "mode_add_session": true,
            })
        );
    }

    #[test]
    fn the_outline_has_no_secrets() {
        let auth = serde_json::from_value(json!({
            "secret_key": "canary", "access_key": "canary", "storage_class": "canary", "conn_id": 5, "refresh_token": "",
        }))
        .unwrap();
        let outline = Value::Object(task().outline(&property("az"), &auth).unwrap());
        assert!(!outline.to_string().contains("canary"), "{outline}");
        assert_eq!(outline["secret_key"], "present");
        assert_eq!(outline["refresh_token"], "absent");
        assert_eq!((&outline["conn_id"], &outline["storage_class"]), (&json!(5), &json!("STANDARD")));
    }

    #[test]
    fn paths_are_checked() {
        for bad in
            ["", "share/x", "/share", "/share/", "//x", "/share//x", "/share/../x", "/share/x/", "/share/."]
        {
            assert_eq!(
                S3Task { local_path: bad.into(), ..task() }.check(),
                Err(ParameterFault::LocalPath),
                "{bad}"
            );
        }
        for bad in ["", "/", "x", "/x/", "//x", "/x/../y"] {
            assert_eq!(
                S3Task { cloud_path: bad.into(), ..task() }.check(),
                Err(ParameterFault::CloudPath),
                "{bad}"
            );
        }
        assert_eq!(task().check(), Ok(()));
    }

    #[test]
    fn only_amazon_s3() {
        let auth = serde_json::from_value(json!({})).unwrap();
        let fault = task().conn_info(&property("db"), &auth).unwrap_err();
        assert_eq!(fault, ParameterFault::NotS3 { found: "db".into() });
    }
}
