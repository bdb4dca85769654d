import type { Condition, KubeObject } from '../kube/objects.js'

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly [other: string]: unknown
  }
}

export interface Container {
  readonly name?: string
  readonly image?: string
  readonly env?: readonly EnvVar[]
  readonly ports?: ReadonlyArray<{
    readonly containerPort?: number
    readonly name?: string
    readonly protocol?: string
  }>
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
  readonly readinessProbe?: Readonly<Record<string, unknown>>
}

export interface RevisionSpec {
  readonly containers: readonly Container[]
  readonly containerConcurrency?: number
  readonly timeoutSeconds?: number
  readonly enableServiceLinks?: boolean
  readonly imagePullSecrets?: ReadonlyArray<{ readonly name: string }>
}

export interface Template {
  readonly metadata?: {
    readonly name?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly creationTimestamp?: null
  }
  readonly spec: RevisionSpec
}

export interface TrafficTarget {
  readonly revisionName?: string
  readonly configurationName?: string
  readonly latestRevision?: boolean
  readonly percent?: number
  readonly tag?: string
  readonly url?: string
}

interface RoutedStatus {
  readonly observedGeneration?: number
  readonly conditions?: readonly Condition[]
  readonly url?: string
  readonly address?: { readonly url: string }
  readonly traffic?: readonly TrafficTarget[]
}

interface RevisionNames {
  readonly latestCreatedRevisionName?: string
  readonly latestReadyRevisionName?: string
}

export interface Ksvc extends KubeObject {
  readonly spec: { readonly template: Template; readonly traffic?: readonly TrafficTarget[] }
  readonly status?: RoutedStatus & RevisionNames
}

export interface Configuration extends KubeObject {
  readonly spec: { readonly template: Template }
  readonly status?: RevisionNames & {
    readonly observedGeneration?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface Route extends KubeObject {
  readonly spec: { readonly traffic: readonly TrafficTarget[] }
  readonly status?: RoutedStatus
}

export interface Revision extends KubeObject {
  readonly spec: RevisionSpec
  readonly status?: {
    readonly observedGeneration?: number
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: ReadonlyArray<{
      readonly name: string
      readonly imageDigest?: string
    }>
    readonly actualReplicas?: number
    readonly desiredReplicas?: number
  }
}
