//! Which APIs a NAS has, and where (API notes §1).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::cloud_sync;
use super::envelope::AUTH;
use super::error::{DecodeFault, Error};
use super::field::{Field, Lenient, object};

/// The API that takes many calls in one request.
pub(super) const ENTRY_REQUEST: &str = "SYNO.Entry.Request";
/// The API that knows the others.
pub(super) const INFO: &str = "SYNO.API.Info";
/// Its one method.
pub(super) const QUERY: &str = "query";
/// Where to ask it: on DSM 6 and 7, and before.
pub(super) const INFO_PATHS: [&str; 2] = ["entry.cgi", "query.cgi"];
/// The newest version of the login that we know.
const NEWEST_LOGIN: u32 = 7;

/// What `SYNO.API.Info` says of the APIs that we use. It needs no login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// `SYNO.API.Auth`.
    pub auth: ApiInfo,
    /// `SYNO.CloudSync`; missing when the package is not installed.
    pub cloud_sync: Option<ApiInfo>,
    /// `SYNO.Entry.Request`, which takes many calls in one request.
    pub compound: Option<ApiInfo>,
}

/// Where an API is, and in which versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiInfo {
    /// Below `/webapi/`, such as `entry.cgi`.
    pub path: String,
    /// The oldest version.
    pub min_version: u32,
    /// The newest version.
    pub max_version: u32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    path: Field<String>,
    min_version: Field<i64>,
    max_version: Field<i64>,
}

impl Lenient for ApiInfo {
    fn lenient(value: Value) -> Option<Self> {
        let entry: Entry = object(value)?;
        let version = |field: Field<i64>| u32::try_from(field.copied().unwrap_or(1)).ok();
        Some(Self {
            path: entry.path.into_option().filter(|path| is_below_webapi(path))?,
            min_version: version(entry.min_version)?,
            max_version: version(entry.max_version)?,
        })
    }
}

/// The path comes from outside and our session follows it: it must stay where it belongs.
fn is_below_webapi(path: &str) -> bool {
    let plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    path.split('/').all(plain)
}

impl Discovery {
    /// The names to ask for.
    pub(super) fn query() -> String {
        [AUTH, cloud_sync::API, ENTRY_REQUEST].join(",")
    }

    /// Reads the answer.
    pub(super) fn read(data: &Value) -> Result<Self, Error> {
        let shape =
            |fault: &str| Error::Decode { method: QUERY, fault: DecodeFault::Shape(fault.to_owned()) };
        let apis: &Map<String, Value> =
            data.as_object().ok_or_else(|| shape("the data are not an object"))?;
        let api = |name: &str| match apis.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(entry) => match ApiInfo::lenient(entry.clone()) {
                Some(info) => Ok(Some(info)),
                None => Err(shape(&format!("{name} is not described as an API"))),
            },
        };
        Ok(Self {
            auth: api(AUTH)?.ok_or_else(|| shape("SYNO.API.Auth is missing"))?,
            cloud_sync: api(cloud_sync::API)?,
            compound: api(ENTRY_REQUEST)?,
        })
    }

    /// Whether the package is there.
    pub fn has_cloud_sync(&self) -> bool {
        self.cloud_sync.is_some()
    }
}

impl ApiInfo {
    /// The version to log in with.
    pub(super) fn login_version(&self) -> u32 {
        self.max_version.min(NEWEST_LOGIN)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn apis_are_read_leniently() {
        let discovery = Discovery::read(&json!({
            "SYNO.API.Auth": {"path": "entry.cgi", "minVersion": "1", "maxVersion": 9},
            "SYNO.Entry.Request": {"path": "entry.cgi/SYNO.Entry.Request", "minVersion": 1, "maxVersion": 2},
        }))
        .unwrap();
        assert_eq!(discovery.auth.login_version(), 7);
        assert!(!discovery.has_cloud_sync());
        assert_eq!(discovery.compound.unwrap().path, "entry.cgi/SYNO.Entry.Request");
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for path in
            ["../x.cgi", "/etc", "a//b", "http://evil/x.cgi", "entry.cgi?x=1", "", "a/../b", ".", "a%2e"]
        {
            let data = json!({"SYNO.API.Auth": {"path": path, "minVersion": 1, "maxVersion": 7}});
            assert!(Discovery::read(&data).is_err(), "{path}");
        }
        for data in [json!(null), json!([]), json!({}), json!({"SYNO.API.Auth": 7})] {
            assert!(Discovery::read(&data).is_err(), "{data}");
        }
    }
}
