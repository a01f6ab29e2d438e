# docker build --tag ccwarehouse .      docs/schedules.md says how to run it.
FROM docker.io/library/python:3.13-slim AS build

ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/ccwarehouse \
    UV_PYTHON=python3 \
    UV_PYTHON_DOWNLOADS=never
# Drivers; without that of BigQuery the image is a third smaller.
ARG EXTRAS="--extra postgres --extra bigquery"
WORKDIR /src
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir 'uv>=0.9,<1'

# What changes rarely comes first: a change of our code installs no dependency again.
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --locked --no-default-groups $EXTRAS \
        --no-install-project
COPY README.md LICENSE ./
COPY pipelines pipelines
COPY sources sources
COPY transforms transforms
RUN /opt/uv/bin/uv sync --locked --no-default-groups $EXTRAS \
        --no-editable

FROM docker.io/library/python:3.13-slim

# /data belongs to the user, so that a new named volume does too.
RUN useradd --uid 10001 --no-create-home --home-dir /tmp ccwarehouse \
    && install --directory --owner 10001 --group 10001 /data
COPY --from=build /opt/ccwarehouse /opt/ccwarehouse

# The root filesystem may be read-only: only /data and /tmp are written.
ENV PATH=/opt/ccwarehouse/bin:$PATH \
    CCWAREHOUSE_DATABASE=/data/ccwarehouse.duckdb \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /data
# As a number: Kubernetes' runAsNonRoot cannot judge a name.
USER 10001:10001
# Without a shell, so that SIGTERM reaches the program.
ENTRYPOINT ["ccwarehouse"]
CMD ["load", "--quiet"]
