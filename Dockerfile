# The service alone, for Kubernetes: its probes check it there, so there is no HEALTHCHECK here.
# The base image is pinned by its version. To pin it to the byte, add the digest that your registry shows: node:24.9.0-bookworm-slim@sha256:…

FROM node:24.9.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npx tsc

FROM node:24.9.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.9.0-bookworm-slim
LABEL org.opencontainers.image.title="scr-modelops" \
      org.opencontainers.image.description="SAS Container Runtime models as a REST API on Knative" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist/src ./dist/src
COPY package.json openapi.yaml ./
# A number, because Kubernetes cannot tell from a name that runAsNonRoot holds.
USER 1000:1000
EXPOSE 8080
# node itself is process 1 and hears SIGTERM; npm would swallow it.
CMD ["node", "dist/src/main.js"]
