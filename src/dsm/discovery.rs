//! Which APIs a NAS has, and where.

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
