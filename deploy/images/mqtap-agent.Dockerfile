# What `npm run images` assembled, for any builder: docker build -f deploy/images/mqtap-agent.Dockerfile dist/images
FROM scratch
COPY runtime/rootfs/ /
COPY mqtap-agent/rootfs/ /
LABEL org.opencontainers.image.title="mqtap-agent"
LABEL org.opencontainers.image.description="Applies a node's limit, sizes taps for the plugin, installs the plugin"
LABEL org.opencontainers.image.version="0.1.0"
LABEL org.opencontainers.image.licenses="Apache-2.0"
USER 0:0
ENTRYPOINT ["/usr/bin/node", "--max-old-space-size=48", "--max-semi-space-size=1", "--no-opt", "--no-maglev", "/app/agent.mjs"]
