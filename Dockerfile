# The executable, the C library it is linked with, a CA bundle, and nothing else.
#
#   docker build -t reinfer-ews .
#
# Where Deno's release host is not reachable, scripts/build says so and looks for the runtime on npm,
# which this image does not have. RELEASE=1 takes no other runtime than Deno's own.

FROM docker.io/denoland/deno:debian-2.7.11 AS build
ARG RELEASE=
ARG REVISION=
WORKDIR /work
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
# Dependencies before the program: they change less often.
COPY deno.json deno.lock ./
COPY scripts/lib.sh scripts/setup scripts/
RUN scripts/setup
COPY . .
RUN scripts/build ${RELEASE:+--release} ${REVISION:+--commit "$REVISION"}
RUN scripts/image_root dist/reinfer-ews /image

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="reinfer-ews" \
  org.opencontainers.image.description="Copies every email of Exchange mailboxes to UiPath buckets, files or Azure Blob Storage" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
# A number, so that Kubernetes can see that it is not root. It owns /data, where local files may go;
# the root file system may be read-only.
USER 65532:65532
# One heap of the C library for all threads: a tenth less memory, at no cost seen.
ENV MALLOC_ARENA_MAX=1
VOLUME /data
# No HEALTHCHECK: without --bind there is nothing to ask (docs/container.md shows one).
ENTRYPOINT ["/reinfer-ews"]
