//! The NAS as a whole.

use super::{maybe, states};
use crate::metrics::catalogue as metric;
use crate::metrics::sample::{Label, Sample, Sink};
use crate::model::{Data, DownReason, Snapshot};

/// What is known whether or not the NAS answers.
pub(super) fn collect(snapshot: &Snapshot, sink: &mut impl Sink) {
    let nas: Label<'_> = snapshot.nas.as_str().into();
    sink.family(&metric::UP, snapshot.up.iter().map(|up| Sample::new([nas], *up)));
    sink.family(
        &metric::DOWN_REASON,
        snapshot.up.iter().flat_map(|_| {
            DownReason::ALL
                .iter()
                .map(|reason| Sample::new([nas, reason.as_str().into()], snapshot.reason == Some(*reason)))
        }),
    );
    sink.family(&metric::LAST_SUCCESS, maybe([nas], snapshot.last_success).into_iter());
    sink.family(&metric::LOGIN_SUSPENDED, std::iter::once(Sample::new([nas], snapshot.login_suspended)));
    sink.family(&metric::CERTIFICATE_EXPIRY, maybe([nas], snapshot.certificate_expiry).into_iter());
}

/// What it says of the package.
pub(super) fn collect_package(nas: &str, data: &Data, sink: &mut impl Sink) {
    let nas: Label<'_> = nas.into();
    let tray = &data.tray;
    sink.family(&metric::SEES_ALL_USERS, maybe([nas], tray.sees_all_users).into_iter());
    let package = data.package.as_ref();
    sink.family(
        &metric::PACKAGE_INFO,
        package.into_iter().filter(|p| p.admin_mode.is_some() || p.repo_volume.is_some()).map(|package| {
            Sample::new(
                [
                    nas,
                    package.admin_mode.as_deref().unwrap_or_default().into(),
                    package.repo_volume.as_deref().unwrap_or_default().into(),
                ],
                true,
            )
        }),
    );
    sink.family(&metric::PACKAGE_PAUSED, maybe([nas], tray.paused).into_iter());
    sink.family(&metric::PACKAGE_WORKERS, maybe([nas], package.and_then(|p| p.workers)).into_iter());
    sink.family(&metric::PACKAGE_LOG_LIMIT, maybe([nas], package.and_then(|p| p.log_limit)).into_iter());
    sink.family(
        &metric::PACKAGE_RELINK,
        maybe([nas], package.and_then(|p| p.relink_deletes_cloud)).into_iter(),
    );
    sink.family(&metric::NOTIFICATION_FILES, maybe([nas], tray.notification_files).into_iter());
    sink.family(&metric::SERVER_MERGES, maybe([nas], tray.server_merges).into_iter());
    let volumes = || package.into_iter().flat_map(|package| &package.volumes);
    sink.family(
        &metric::VOLUME_FREE,
        volumes().filter_map(|volume| maybe([nas, volume.mount_point.as_str().into()], volume.free)),
    );
    sink.family(
        &metric::VOLUME_SIZE,
        volumes().filter_map(|volume| maybe([nas, volume.mount_point.as_str().into()], volume.size)),
    );
    sink.family(&metric::TRAY_STATUS, states(tray.status.as_ref(), move |word| [nas, word.into()]));
}
