//! Numbers of TLS and their names (RFC 8446, RFC 5246, the IANA registry "TLS Parameters").

use crate::wire_enum;

wire_enum! {
    /// What a record holds.
    pub enum ContentType: u8 {
        /// The handshake goes on encrypted from here.
        ChangeCipherSpec = 20 => "change_cipher_spec",
        /// An alert.
        Alert = 21 => "alert",
        /// A part of the handshake.
        Handshake = 22 => "handshake",
        /// Data of the application, or in TLS 1.3 anything encrypted.
        ApplicationData = 23 => "application_data",
        /// RFC 6520.
        Heartbeat = 24 => "heartbeat",
    }
}

wire_enum! {
    /// A version of the protocol.
    pub enum Version: u16 {
        /// SSL 2.0, withdrawn by RFC 6176.
        Ssl2 = 0x0002 => "SSL 2.0",
        /// SSL 3.0, withdrawn by RFC 7568.
        Ssl3 = 0x0300 => "SSL 3.0",
        /// TLS 1.0, withdrawn by RFC 8996.
        Tls10 = 0x0301 => "TLS 1.0",
        /// TLS 1.1, withdrawn by RFC 8996.
        Tls11 = 0x0302 => "TLS 1.1",
        /// TLS 1.2.
        Tls12 = 0x0303 => "TLS 1.2",
        /// TLS 1.3.
        Tls13 = 0x0304 => "TLS 1.3",
    }
}

wire_enum! {
    /// How bad an alert is.
    pub enum AlertLevel: u8 {
        /// The sender goes on, or closes in order.
        Warning = 1 => "warning",
        /// The sender ends the connection.
        Fatal = 2 => "fatal",
    }
}

wire_enum! {
    /// What an alert says.
    pub enum AlertDescription: u8 {
        /// The end, in order.
        CloseNotify = 0 => "close_notify",
        /// A message that does not belong here.
        UnexpectedMessage = 10 => "unexpected_message",
        /// A record whose protection is wrong.
        BadRecordMac = 20 => "bad_record_mac",
        /// TLS 1.0 only.
        DecryptionFailed = 21 => "decryption_failed",
        /// A record that is too long.
        RecordOverflow = 22 => "record_overflow",
        /// TLS 1.2 and before.
        DecompressionFailure = 30 => "decompression_failure",
        /// No parameters in common.
        HandshakeFailure = 40 => "handshake_failure",
        /// SSL 3.0 only.
        NoCertificate = 41 => "no_certificate",
        /// A certificate that can not be used.
        BadCertificate = 42 => "bad_certificate",
        /// A sort of certificate that is not supported.
        UnsupportedCertificate = 43 => "unsupported_certificate",
        /// A revoked certificate.
        CertificateRevoked = 44 => "certificate_revoked",
        /// A certificate that is expired or not yet valid.
        CertificateExpired = 45 => "certificate_expired",
        /// Something else about a certificate.
        CertificateUnknown = 46 => "certificate_unknown",
        /// A field out of its range.
        IllegalParameter = 47 => "illegal_parameter",
        /// An authority that is not known.
        UnknownCa = 48 => "unknown_ca",
        /// A certificate that is good and not welcome.
        AccessDenied = 49 => "access_denied",
        /// A message that can not be read.
        DecodeError = 50 => "decode_error",
        /// A signature or a proof that is wrong.
        DecryptError = 51 => "decrypt_error",
        /// TLS 1.0 only.
        ExportRestriction = 60 => "export_restriction",
        /// No version in common.
        ProtocolVersion = 70 => "protocol_version",
        /// What is offered is too weak.
        InsufficientSecurity = 71 => "insufficient_security",
        /// The fault is the sender's own.
        InternalError = 80 => "internal_error",
        /// RFC 7507.
        InappropriateFallback = 86 => "inappropriate_fallback",
        /// The user gave up.
        UserCanceled = 90 => "user_canceled",
        /// TLS 1.2 and before.
        NoRenegotiation = 100 => "no_renegotiation",
        /// An extension that has to be there is not.
        MissingExtension = 109 => "missing_extension",
        /// An extension that nobody offered.
        UnsupportedExtension = 110 => "unsupported_extension",
        /// RFC 6066, withdrawn.
        CertificateUnobtainable = 111 => "certificate_unobtainable",
        /// No server of this name.
        UnrecognizedName = 112 => "unrecognized_name",
        /// The stapled status is bad.
        BadCertificateStatusResponse = 113 => "bad_certificate_status_response",
        /// RFC 6066, withdrawn.
        BadCertificateHashValue = 114 => "bad_certificate_hash_value",
        /// No such pre-shared key.
        UnknownPskIdentity = 115 => "unknown_psk_identity",
        /// A client certificate is wanted, and none came.
        CertificateRequired = 116 => "certificate_required",
        /// No application protocol in common.
        NoApplicationProtocol = 120 => "no_application_protocol",
        /// Encrypted Client Hello is wanted.
        EchRequired = 121 => "ech_required",
    }
}

wire_enum! {
    /// A message of the handshake.
    pub enum HandshakeType: u8 {
        /// Only to begin again.
        HelloRequest = 0 => "hello_request",
        /// The client's first.
        ClientHello = 1 => "client_hello",
        /// The server's first.
        ServerHello = 2 => "server_hello",
        /// A ticket to resume with.
        NewSessionTicket = 4 => "new_session_ticket",
        /// TLS 1.3.
        EncryptedExtensions = 8 => "encrypted_extensions",
        /// A chain of certificates.
        Certificate = 11 => "certificate",
        /// TLS 1.2 and before.
        ServerKeyExchange = 12 => "server_key_exchange",
        /// A client certificate is wanted.
        CertificateRequest = 13 => "certificate_request",
        /// TLS 1.2 and before.
        ServerHelloDone = 14 => "server_hello_done",
        /// Proof of the key.
        CertificateVerify = 15 => "certificate_verify",
        /// TLS 1.2 and before.
        ClientKeyExchange = 16 => "client_key_exchange",
        /// The end of the handshake.
        Finished = 20 => "finished",
        /// A stapled status.
        CertificateStatus = 22 => "certificate_status",
    }
}
