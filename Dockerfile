# The executable, the C library it is linked with, and nothing else.
#
#   docker build -t reinfer-ews .
#
# Networks that reach npm only build it too, for trial: scripts/build then says so and takes the
# runtime from npm. RELEASE=1 refuses that.

FROM docker.io/library/node:22-bookworm-slim AS build
ARG RELEASE=
WORKDIR /work
# Dependencies first: they change less often than the program.
COPY deno.json deno.lock ./
COPY scripts/lib.sh scripts/setup scripts/
RUN scripts/setup
COPY . .
RUN scripts/build ${RELEASE:+--release}
# `ldd` names the loader and six libraries of glibc; they go where the loader looks for them.
RUN mkdir -p /image/tmp /image/data \
  && cp --parents -L -t /image $(ldd dist/reinfer-ews | grep -o '/[^ )]*') \
  && cp dist/reinfer-ews /image/reinfer-ews \
  && chmod 1777 /image/tmp \
  && chown 65532:65532 /image/data

FROM scratch
COPY --from=build /image /
# A number, so that Kubernetes can see that it is not root. It owns /data, where local files may go;
# the root file system may be read-only.
USER 65532:65532
VOLUME /data
ENTRYPOINT ["/reinfer-ews"]
