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
        /// DTLS only.
        HelloVerifyRequest = 3 => "hello_verify_request",
        /// A ticket to resume with.
        NewSessionTicket = 4 => "new_session_ticket",
        /// TLS 1.3: 0-RTT is over.
        EndOfEarlyData = 5 => "end_of_early_data",
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
        /// RFC 6066.
        CertificateUrl = 21 => "certificate_url",
        /// A stapled status.
        CertificateStatus = 22 => "certificate_status",
        /// RFC 4680.
        SupplementalData = 23 => "supplemental_data",
        /// TLS 1.3: new keys from here.
        KeyUpdate = 24 => "key_update",
        /// RFC 8879.
        CompressedCertificate = 25 => "compressed_certificate",
        /// TLS 1.3: not on the wire, only in what is signed.
        MessageHash = 254 => "message_hash",
    }
}

wire_enum! {
    /// An extension of a hello (IANA registry "TLS `ExtensionType` Values").
    pub enum ExtensionType: u16 {
        /// RFC 6066.
        ServerName = 0 => "server_name",
        /// RFC 6066.
        MaxFragmentLength = 1 => "max_fragment_length",
        /// RFC 6066, withdrawn.
        TruncatedHmac = 4 => "truncated_hmac",
        /// RFC 6066.
        StatusRequest = 5 => "status_request",
        /// RFC 7919, 8446.
        SupportedGroups = 10 => "supported_groups",
        /// RFC 8422.
        EcPointFormats = 11 => "ec_point_formats",
        /// RFC 8446.
        SignatureAlgorithms = 13 => "signature_algorithms",
        /// RFC 6520.
        Heartbeat = 15 => "heartbeat",
        /// RFC 7301.
        Alpn = 16 => "application_layer_protocol_negotiation",
        /// RFC 6961, withdrawn.
        StatusRequestV2 = 17 => "status_request_v2",
        /// RFC 6962.
        SignedCertificateTimestamp = 18 => "signed_certificate_timestamp",
        /// RFC 7685.
        Padding = 21 => "padding",
        /// RFC 7366.
        EncryptThenMac = 22 => "encrypt_then_mac",
        /// RFC 7627.
        ExtendedMasterSecret = 23 => "extended_master_secret",
        /// RFC 8879.
        CompressCertificate = 27 => "compress_certificate",
        /// RFC 8449.
        RecordSizeLimit = 28 => "record_size_limit",
        /// RFC 9345.
        DelegatedCredential = 34 => "delegated_credential",
        /// RFC 5077.
        SessionTicket = 35 => "session_ticket",
        /// RFC 8446.
        PreSharedKey = 41 => "pre_shared_key",
        /// RFC 8446.
        EarlyData = 42 => "early_data",
        /// RFC 8446: the version of TLS 1.3 stands here, the field of the hello says 1.2 for ever.
        SupportedVersions = 43 => "supported_versions",
        /// RFC 8446.
        Cookie = 44 => "cookie",
        /// RFC 8446.
        PskKeyExchangeModes = 45 => "psk_key_exchange_modes",
        /// RFC 8446.
        CertificateAuthorities = 47 => "certificate_authorities",
        /// RFC 8446.
        PostHandshakeAuth = 49 => "post_handshake_auth",
        /// RFC 8446.
        SignatureAlgorithmsCert = 50 => "signature_algorithms_cert",
        /// RFC 8446.
        KeyShare = 51 => "key_share",
        /// RFC 9001.
        QuicTransportParameters = 57 => "quic_transport_parameters",
        /// Withdrawn forerunner of ALPN.
        NextProtocolNegotiation = 0x3374 => "next_protocol_negotiation",
        /// Encrypted Client Hello.
        EncryptedClientHello = 0xfe0d => "encrypted_client_hello",
        /// RFC 5746.
        RenegotiationInfo = 0xff01 => "renegotiation_info",
    }
}

wire_enum! {
    /// How a chain of certificates is compressed (RFC 8879, 7.3).
    pub enum CertificateCompression: u16 {
        /// RFC 1950.
        Zlib = 1 => "zlib",
        /// RFC 7932.
        Brotli = 2 => "brotli",
        /// RFC 8478.
        Zstd = 3 => "zstd",
    }
}

/// Whether a number is one of those that mean nothing and are sent so that servers stay tolerant (GREASE, RFC 8701).
pub const fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}
