# One image for everything Kvorum runs. BASE needs Node.js 26 as `node` on the PATH.
ARG BASE=docker.io/library/node:26-bookworm-slim
FROM ${BASE} AS build
WORKDIR /kvorum
COPY package.json package-lock.json ./
RUN npm ci --omit=optional --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY tools tools
COPY server server
RUN node tools/build.ts && npm prune --omit=dev --omit=optional

FROM ${BASE}
WORKDIR /kvorum
COPY --from=build /kvorum/package.json ./
COPY --from=build /kvorum/node_modules node_modules
COPY --from=build /kvorum/dist dist
ENV PATH=/kvorum/dist/bin:$PATH
USER 65532:65532
EXPOSE 2379 2380
ENTRYPOINT ["/kvorum/dist/bin/etcd"]
