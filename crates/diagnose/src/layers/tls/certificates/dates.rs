//! Whether certificates are valid today, or the clock is wrong.

use jiff::SignedDuration;
use portreeve_tls::chain::Trust;

use super::{EARLIEST, Of, is_valid, or_empty};
use crate::layers::tls::advice;
use crate::layers::tls::finding::Finding;
use crate::layers::tls::scene::{moment, span};

impl Of<'_> {
    pub(super) fn dates(&self) -> Option<Finding> {
        let (leaf, now) = (self.leaf, self.scene.now);
        if leaf.not_before > now {
            return Some(self.early());
        }
        if leaf.not_after >= now {
            return None;
        }
        if let Some(theirs) = self.scene.served_at().filter(|theirs| is_valid(leaf, *theirs)) {
            return Some(self.clock(&format!("the server's {}", moment(theirs)), now.duration_since(theirs)));
        }
        let statement = format!(
            "{} expired {} ago, on {}.",
            self.certificate(),
            span(now.duration_since(leaf.not_after)),
            moment(leaf.not_after)
        );
        let mut finding = self.finding("expired", statement);
        let newer = self.better(self.scene.name());
        if let Some(one) = newer {
            let until = one.chain.first().map(|other| moment(other.not_after)).unwrap_or_default();
            finding = finding
                .seen(
                    "file",
                    format!("{one} is valid until {until}: renewed, and not loaded"),
                    format!("openssl x509 -noout -enddate -in {}", one.path),
                )
                .fix(format!("Load the renewed certificate: {}", advice::reload(self.scene.case)));
        } else if let Some(one) = self.configured() {
            finding = finding.seen(
                "file",
                format!("{one} is that certificate"),
                format!("openssl x509 -noout -enddate -in {}", one.path),
            );
        }
        Some(finding.fix(format!(
            "Renew it (certbot renew, or ask its issuer {}), then {}",
            or_empty(&leaf.issuer),
            advice::reload(self.scene.case)
        )))
    }

    /// Not yet valid: the certificate, or the clock.
    fn early(&self) -> Finding {
        let (leaf, now) = (self.leaf, self.scene.now);
        let ahead = leaf.not_before.duration_since(now);
        // Authorities that everybody trusts do not sign for the future (Baseline Requirements, 6.3.2).
        let is_public = self.verdict.is_public && self.verdict.trust == Trust::Trusted;
        let other = self.scene.case.tls.tries.iter().filter_map(|other| other.meeting.leaf());
        let several = other.filter(|other| other.not_before > now && other.der != leaf.der).count() > 0;
        if let Some(theirs) = self.scene.served_at().filter(|theirs| is_valid(leaf, *theirs)) {
            self.clock(&format!("the server's {}", moment(theirs)), theirs.duration_since(now))
        } else if now.as_second() < EARLIEST {
            self.clock("a time before this program was made", ahead)
        } else if is_public {
            self.clock("and public authorities do not sign for the future", ahead)
        } else if several {
            self.clock("and several certificates are not yet valid", ahead)
        } else {
            let statement = format!(
                "{} is valid only from {}, in {}.",
                self.certificate(),
                moment(leaf.not_before),
                span(ahead)
            );
            self.finding("not-yet-valid", statement)
                .seen("clock", format!("this machine's clock shows {}", moment(now)), "date -u")
                .fix("Check the clock: timedatectl")
                .fix(format!("Use a certificate that is valid now, then {}", advice::reload(self.scene.case)))
        }
    }

    /// This machine's clock is wrong.
    fn clock(&self, reason: &str, by: SignedDuration) -> Finding {
        let now = moment(self.scene.now);
        let statement = format!(
            "This machine's clock shows {now}, {reason}: it is wrong by {} or more, so that a good certificate seems out of its dates.",
            span(by)
        );
        self.finding("clock", statement)
            .seen("clock", format!("this machine's clock shows {now}"), "date -u")
            .fix("Set the clock: timedatectl set-ntp true, or chronyc makestep")
    }

    pub(super) fn upper_dates(&self) -> Option<Finding> {
        let chain = &self.scene.tried.meeting.chain;
        let place = self.verdict.expired.iter().find(|place| **place != 0);
        if let Some(expired) = place.and_then(|place| chain.get(*place)) {
            let statement = format!(
                "The intermediate certificate {} that is sent expired on {}.",
                or_empty(&expired.subject),
                moment(expired.not_after)
            );
            return Some(
                self.finding("intermediate-expired", statement)
                    .seen("certificate", self.sent(), self.scene.client("-showcerts"))
                    .fixes(self.fetch())
                    .fix(format!(
                        "Replace it by the issuer's present intermediate certificate, {}, then {}",
                        advice::chain(self.scene.case),
                        advice::reload(self.scene.case)
                    )),
            );
        }
        let (root, end) =
            self.verdict.expired_root.as_ref().filter(|_| self.verdict.trust == Trust::Trusted)?;
        let statement =
            format!("The authority {root}, to which the certificate leads, expired on {}.", moment(*end));
        Some(
            self.finding("intermediate-expired", statement)
                .seen("store", self.scene.case.tls.store.clone(), "")
                .fix("Use a certificate of an authority that is valid, or update the trust store: update-ca-certificates"),
        )
    }
}
