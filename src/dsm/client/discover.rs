//! Finding the APIs.

use std::sync::Arc;

use super::Inner;
use crate::dsm::discovery::{Discovery, INFO, INFO_PATHS, QUERY};
use crate::dsm::error::{Error, HttpFault, Reason};
use crate::dsm::transport::Exchange;

impl Inner {
    /// The APIs of a NAS that has the package: as known, or asked for.
    pub(super) async fn package(&self) -> Result<Arc<Discovery>, Error> {
        let known = || self.known().discovery.clone();
        if let Some(discovery) = known() {
            return Ok(discovery);
        }
        let ask = async {
            let has_session = self.known().session.is_some();
            if !has_session {
                // While logins are held back, nothing is asked of the NAS at all.
                self.admit(None).await?;
            }
            let discovery = self.query().await?;
            if discovery.has_cloud_sync() { Ok(discovery) } else { Err(Error::PackageMissing) }
        };
        self.queries.run(known, ask).await
    }

    /// Asks anew. Whether the package is missing is asked every time, so that its installation shows.
    pub(super) async fn query(&self) -> Result<Arc<Discovery>, Error> {
        let [path, older] = INFO_PATHS;
        let data = match self.post(query(path)).await {
            Err(Error::Http { fault: HttpFault::Status(404), .. } | Error::Api { code: 102, .. }) => {
                self.post(query(older)).await
            }
            other => other,
        }?;
        let discovery = Arc::new(Discovery::read(&data)?);
        self.known().discovery = discovery.has_cloud_sync().then(|| Arc::clone(&discovery));
        Ok(discovery)
    }

    /// One exchange. After one that failed before the API had its say, the APIs are asked for again: a NAS that is
    /// booting then sees no credentials.
    pub(super) async fn post(&self, exchange: Exchange<'_>) -> Result<serde_json::Value, Error> {
        let answer = self.transport.post(exchange).await;
        if let Err(error) = &answer
            && is_transport(error)
        {
            self.known().discovery = None;
        }
        answer
    }
}

/// Whether the exchange failed before the API had its say.
pub(super) fn is_transport(error: &Error) -> bool {
    matches!(
        error.reason(),
        Reason::Dns | Reason::Connect | Reason::Tls | Reason::Timeout | Reason::Http | Reason::Decode
    )
}

fn query(path: &'static str) -> Exchange<'static> {
    Exchange {
        api: INFO,
        method: QUERY,
        label: QUERY,
        path,
        form: vec![("query", Discovery::query())],
        version: 1,
        session: None,
        read_only: true,
        timeout: None,
    }
}
