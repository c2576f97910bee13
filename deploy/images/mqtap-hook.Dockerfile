# What `npm run images` assembled, for any builder: docker build -f deploy/images/mqtap-hook.Dockerfile dist/images
FROM scratch
COPY mqtap-hook/rootfs/ /
LABEL org.opencontainers.image.title="mqtap-hook"
LABEL org.opencontainers.image.description="KubeVirt's sidecar-shim with mqtap's OnDefineDomain hook"
LABEL org.opencontainers.image.version="0.1.0"
LABEL org.opencontainers.image.licenses="Apache-2.0"
USER 107:107
ENTRYPOINT ["/sidecar-shim", "--version", "v1alpha3"]
