# One static binary, the certificate authorities, and nothing else. It runs without rights and without a writable root:
#
#   docker run --rm --read-only --cap-drop ALL -e BATON_WORKATO_API_KEY -v "$PWD:/out" --user "$(id -u)" baton-workato
#
# leaves sync.c1z in the current directory; with the credentials of a connector it serves ConductorOne.
# `.ci/image` reads this file and does the same without a container engine: keep to the instructions it knows.

# By its digest, of which the name is a reminder: what is built from is what was looked at.
FROM rust:1.96-slim-trixie@sha256:26abcef3d79b8d890c4ceb17093154573e1f6479cf6dd7c1450043b8458350f6 AS builder
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates musl-tools \
    && rm -rf /var/lib/apt/lists/*
RUN rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY proto proto
COPY src src
COPY .github/docs .github/docs
ENV CC_x86_64_unknown_linux_musl=musl-gcc CC_aarch64_unknown_linux_musl=musl-gcc CARGO_TARGET_DIR=/src/target
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo install --profile dist --locked --path . --target "$(uname -m)-unknown-linux-musl" --root /image/usr --no-track
RUN install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && mkdir -p -m 700 /image/out \
    && mkdir -p -m 1777 /image/tmp

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="baton-workato" \
      org.opencontainers.image.description="Who has access to what in Workato, and why" \
      org.opencontainers.image.source="https://github.com/conductorone/baton-workato" \
      org.opencontainers.image.documentation="https://github.com/conductorone/baton-workato#readme" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="ConductorOne" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=builder /image/usr/bin/baton-workato /usr/bin/baton-workato
COPY --from=builder /image/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder --chown=65532:65532 /image/out /out
COPY --from=builder --chown=65532:65532 /image/tmp /tmp
USER 65532:65532
# Service mode answers probes; a sync that ends by itself has nobody to ask, and is well.
ENV BATON_HEALTH_CHECK=true
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["/usr/bin/baton-workato", "health-check", "--endpoint", "live", "--or-one-shot"]
# Writable although the root is not: results, and what is unpacked or waits for its upload.
VOLUME /out /tmp
WORKDIR /out
ENTRYPOINT ["/usr/bin/baton-workato"]
