"""The custom resources that the chart writes, as their definitions have them: an unknown key is refused.

Sources: monitoring.coreos.com/v1, gateway.networking.k8s.io/v1, keda.sh/v1alpha1; only what the chart uses.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
Duration = Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h|d))+$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class Metadata(_Closed):
    name: Name
    namespace: Name
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class Selector(_Closed):
    matchLabels: dict[str, str]


class Relabeling(_Closed):
    action: Literal["replace", "keep", "drop", "labelmap"]
    sourceLabels: list[str] = []
    regex: str | None = None
    replacement: str | None = None
    targetLabel: str | None = None


class Endpoint(_Closed):
    port: str
    path: str
    interval: Duration
    relabelings: list[Relabeling] = []


class NamespaceSelector(_Closed):
    matchNames: list[Name]


class ServiceMonitorSpec(_Closed):
    selector: Selector
    namespaceSelector: NamespaceSelector
    endpoints: Annotated[list[Endpoint], Field(min_length=1)]


class ServiceMonitor(_Closed):
    apiVersion: Literal["monitoring.coreos.com/v1"]
    kind: Literal["ServiceMonitor"]
    metadata: Metadata
    spec: ServiceMonitorSpec


class Rule(_Closed):
    alert: str | None = None
    record: str | None = None
    expr: str
    for_: Annotated[Duration | None, Field(alias="for")] = None
    keep_firing_for: Duration | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Group(_Closed):
    name: str
    interval: Duration | None = None
    rules: Annotated[list[Rule], Field(min_length=1)]


class PrometheusRuleSpec(_Closed):
    groups: Annotated[list[Group], Field(min_length=1)]


class PrometheusRule(_Closed):
    apiVersion: Literal["monitoring.coreos.com/v1"]
    kind: Literal["PrometheusRule"]
    metadata: Metadata
    spec: PrometheusRuleSpec


class ParentRef(_Closed):
    name: Name
    namespace: Name | None = None
    sectionName: Name | None = None
    port: Port | None = None


class PathMatch(_Closed):
    type: Literal["PathPrefix", "Exact"]
    value: Annotated[str, Field(pattern="^/")]


class Match(_Closed):
    path: PathMatch


class BackendRef(_Closed):
    name: Name
    port: Port


class ReplaceFullPath(_Closed):
    type: Literal["ReplaceFullPath"]
    replaceFullPath: Annotated[str, Field(pattern="^/")]


class Redirect(_Closed):
    statusCode: Literal[301, 302]
    path: ReplaceFullPath


class RedirectFilter(_Closed):
    type: Literal["RequestRedirect"]
    requestRedirect: Redirect


class ForwardRule(_Closed):
    """Without ``sessionPersistence``, which the definition has: every replica answers everything."""

    matches: list[Match]
    backendRefs: Annotated[list[BackendRef], Field(min_length=1)]


class RedirectRule(_Closed):
    """A rule that redirects may name no backend."""

    matches: list[Match]
    filters: Annotated[list[RedirectFilter], Field(min_length=1, max_length=1)]


class HttpRouteSpec(_Closed):
    parentRefs: Annotated[list[ParentRef], Field(min_length=1)]
    hostnames: Annotated[list[Name], Field(min_length=1)]
    rules: Annotated[list[ForwardRule | RedirectRule], Field(min_length=1)]


class HttpRoute(_Closed):
    apiVersion: Literal["gateway.networking.k8s.io/v1"]
    kind: Literal["HTTPRoute"]
    metadata: Metadata
    spec: HttpRouteSpec


class CpuMetadata(_Closed):
    value: Annotated[str, Field(pattern="^[0-9]+$")]


class CpuTrigger(_Closed):
    type: Literal["cpu"]
    metricType: Literal["Utilization"]
    metadata: CpuMetadata


class PrometheusMetadata(_Closed):
    serverAddress: Annotated[str, Field(pattern="^https?://")]
    query: str
    threshold: Annotated[str, Field(pattern="^[0-9.]+$")]


class PrometheusTrigger(_Closed):
    type: Literal["prometheus"]
    metadata: PrometheusMetadata


class JetStreamMetadata(_Closed):
    natsServerMonitoringEndpoint: Annotated[str, Field(pattern="^[^/]+:[0-9]+$")]
    account: str
    stream: str
    consumer: str
    lagThreshold: Annotated[str, Field(pattern="^[0-9]+$")]


class JetStreamTrigger(_Closed):
    type: Literal["nats-jetstream"]
    metadata: JetStreamMetadata


class ScaleTarget(_Closed):
    name: Name


class ScaledObjectSpec(_Closed):
    scaleTargetRef: ScaleTarget
    minReplicaCount: Annotated[int, Field(ge=1)]
    maxReplicaCount: Annotated[int, Field(ge=1)]
    triggers: Annotated[
        list[Annotated[CpuTrigger | PrometheusTrigger | JetStreamTrigger, Field(discriminator="type")]],
        Field(min_length=1),
    ]


class ScaledObject(_Closed):
    apiVersion: Literal["keda.sh/v1alpha1"]
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: ScaledObjectSpec


CUSTOM: dict[str, type[BaseModel]] = {
    "ServiceMonitor": ServiceMonitor,
    "PrometheusRule": PrometheusRule,
    "HTTPRoute": HttpRoute,
    "ScaledObject": ScaledObject,
}


def read(resource: dict[str, Any]) -> BaseModel:
    """A custom resource as its type. Raises pydantic.ValidationError."""
    return CUSTOM[resource["kind"]].model_validate(resource)
