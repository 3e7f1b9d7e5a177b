# The command solweig, for CPUs and for GPUs through Vulkan.
#   docker build -t solweig .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" solweig demo
# Devices, extras and the rest: docs/install.md. podman and buildah take the same file.
ARG DEBIAN=trixie

FROM rust:1-slim-${DEBIAN} AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/*
# Extras of the package (docs/install.md), with commas between them.
ARG EXTRAS=plot,zarr,netcdf
# Say "--profile ci" for a build that is tried and thrown away.
ARG MATURIN_PEP517_ARGS=
WORKDIR /sources
COPY LICENSE README.md pyproject.toml ./
COPY shaders shaders
COPY rust rust
COPY python python
# The environment has no pip of its own: less to carry.
RUN python3 -m venv --without-pip /opt/solweig \
    && MATURIN_PEP517_ARGS="$MATURIN_PEP517_ARGS" python3 -m pip --python /opt/solweig/bin/python \
        install --no-cache-dir --no-compile ".[$EXTRAS]"

FROM debian:${DEBIAN}-slim
LABEL org.opencontainers.image.title="solweig" \
      org.opencontainers.image.description="City-scale heat-stress maps" \
      org.opencontainers.image.source="https://github.com/solweig/solweig" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
# Mesa has Vulkan for AMD and Intel and in software; NVIDIA's comes from the host, by its container
# toolkit, and is linked to the two libraries of X.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        python3 libvulkan1 mesa-vulkan-drivers libx11-6 libxext6 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 solweig \
    && install --directory --owner=solweig --group=solweig /data
COPY --from=build /opt/solweig /opt/solweig
# matplotlib keeps its list of fonts where any user may write.
ENV PATH=/opt/solweig/bin:$PATH \
    MPLCONFIGDIR=/tmp/matplotlib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
USER 1000:1000
WORKDIR /data
ENTRYPOINT ["solweig"]
CMD ["--help"]
