# What `npm run images` assembled, for any builder: docker build -f deploy/images/mqtap-controller.Dockerfile dist/images
FROM scratch
COPY runtime/rootfs/ /
COPY mqtap-controller/rootfs/ /
LABEL org.opencontainers.image.title="mqtap-controller"
LABEL org.opencontainers.image.description="Renders what nodes allow: NodeNetworkConfig to NodeNetworkProfile"
LABEL org.opencontainers.image.version="0.1.0"
LABEL org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532
ENTRYPOINT ["/usr/bin/node", "/app/controller.mjs"]
