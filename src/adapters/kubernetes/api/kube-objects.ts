/**
 * The parts of Kubernetes' and Knative's objects that this service reads. Live objects have more
 * fields, which copies made by spreading keep.
 */
export interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly managedFields?: readonly ManagedFields[]
}

/** Which tool wrote which fields, and when it did last. */
export interface ManagedFields {
  readonly manager?: string
  readonly subresource?: string
  readonly time?: string
}

export interface KubeObject {
  readonly metadata: Metadata
}

export interface KubeCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

/** serving.knative.dev/v1 Service. */
export interface Ksvc extends KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: KsvcSpec
  readonly status?: KsvcStatus
}

export interface KsvcSpec {
  readonly template: Template
  readonly traffic?: readonly KsvcTraffic[]
}

export interface KsvcStatus {
  readonly observedGeneration?: number
  readonly conditions?: readonly KubeCondition[]
  readonly latestCreatedRevisionName?: string
  readonly latestReadyRevisionName?: string
  readonly traffic?: readonly KsvcTraffic[]
  readonly url?: string
}

export interface KsvcTraffic {
  readonly revisionName?: string
  readonly latestRevision?: boolean
  readonly percent?: number
  readonly tag?: string
  readonly url?: string
}

export interface Template {
  readonly metadata?: Partial<Metadata>
  readonly spec: RevisionSpec
}

export interface RevisionSpec {
  readonly containers: readonly Container[]
  readonly containerConcurrency?: number
  readonly timeoutSeconds?: number
  readonly imagePullSecrets?: ReadonlyArray<{ readonly name?: string }>
}

export interface Container {
  readonly name?: string
  readonly image?: string
  readonly ports?: ReadonlyArray<{ readonly containerPort?: number }>
  readonly env?: readonly Env[]
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts }
  readonly securityContext?: unknown
  readonly readinessProbe?: {
    readonly httpGet?: { readonly path?: string }
    readonly exec?: unknown
    readonly grpc?: unknown
  }
}

/** Quantities: numbers are allowed beside text. */
export type Amounts = Readonly<Record<string, string | number>>

export interface Env {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: {
      readonly name?: string
      readonly key: string
      readonly optional?: boolean
    }
  }
}

/** serving.knative.dev/v1 Revision. */
export interface KnativeRevision extends KubeObject {
  readonly spec: RevisionSpec
  readonly status?: {
    readonly conditions?: readonly KubeCondition[]
    readonly containerStatuses?: ReadonlyArray<{
      readonly name?: string
      readonly imageDigest?: string
    }>
  }
}

export interface Pod extends KubeObject {
  readonly spec?: { readonly containers?: readonly Container[] }
  readonly status?: {
    readonly phase?: string
    readonly startTime?: string
    readonly conditions?: readonly KubeCondition[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly terminated?: {
    readonly reason?: string
    readonly exitCode: number
    readonly message?: string
  }
}

/** v1 Event. */
export interface KubeEvent extends KubeObject {
  readonly involvedObject: { readonly kind?: string; readonly name?: string }
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number | null
  /** Null in events of the newer API, as are the other older fields. */
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string } | null
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
}

/** The cluster's name for this service as a manager of fields. It is taken from the User-Agent. */
export const MANAGER = 'scr-modelops'
export const SERVICE_LABEL = 'serving.knative.dev/service'
export const REVISION_LABEL = 'serving.knative.dev/revision'
