/** Made by scripts/protobuf-fields.ts. One message a line: its name, then number:field:type, * for repeated. */
export const FIELDS = `
api.authentication.v1.BoundObjectReference 1:kind:string 2:apiVersion:string 3:name:string 4:uID:string
api.authentication.v1.SelfSubjectReview 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta
api.authentication.v1.TokenRequest 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.authentication.v1.TokenRequestSpec
api.authentication.v1.TokenRequestSpec 1:audiences:string* 4:expirationSeconds:int 3:boundObjectRef:api.authentication.v1.BoundObjectReference
api.authorization.v1.FieldSelectorAttributes 1:rawSelector:string 2:requirements:apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement*
api.authorization.v1.LabelSelectorAttributes 1:rawSelector:string 2:requirements:apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement*
api.authorization.v1.NonResourceAttributes 1:path:string 2:verb:string
api.authorization.v1.ResourceAttributes 1:namespace:string 2:verb:string 3:group:string 4:version:string 5:resource:string 6:subresource:string 7:name:string 8:fieldSelector:api.authorization.v1.FieldSelectorAttributes 9:labelSelector:api.authorization.v1.LabelSelectorAttributes
api.authorization.v1.SelfSubjectAccessReview 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.authorization.v1.SelfSubjectAccessReviewSpec
api.authorization.v1.SelfSubjectAccessReviewSpec 1:resourceAttributes:api.authorization.v1.ResourceAttributes 2:nonResourceAttributes:api.authorization.v1.NonResourceAttributes
api.authorization.v1.SelfSubjectRulesReview 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.authorization.v1.SelfSubjectRulesReviewSpec
api.authorization.v1.SelfSubjectRulesReviewSpec 1:namespace:string
api.batch.v1.Job 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.batch.v1.JobSpec
api.batch.v1.JobSpec 1:parallelism:int 2:completions:int 3:activeDeadlineSeconds:int 11:podFailurePolicy:api.batch.v1.PodFailurePolicy 16:successPolicy:api.batch.v1.SuccessPolicy 7:backoffLimit:int 12:backoffLimitPerIndex:int 13:maxFailedIndexes:int 4:selector:apimachinery.pkg.apis.meta.v1.LabelSelector 5:manualSelector:bool 6:template:api.core.v1.PodTemplateSpec 8:ttlSecondsAfterFinished:int 9:completionMode:string 10:suspend:bool 14:podReplacementPolicy:string 15:managedBy:string
api.batch.v1.PodFailurePolicy 1:rules:api.batch.v1.PodFailurePolicyRule*
api.batch.v1.PodFailurePolicyOnExitCodesRequirement 1:containerName:string 2:operator:string 3:values:int*
api.batch.v1.PodFailurePolicyOnPodConditionsPattern 1:type:string
api.batch.v1.PodFailurePolicyRule 1:action:string 2:onExitCodes:api.batch.v1.PodFailurePolicyOnExitCodesRequirement 3:onPodConditions:api.batch.v1.PodFailurePolicyOnPodConditionsPattern*
api.batch.v1.SuccessPolicy 1:rules:api.batch.v1.SuccessPolicyRule*
api.batch.v1.SuccessPolicyRule 1:succeededIndexes:string 2:succeededCount:int
api.coordination.v1.Lease 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.coordination.v1.LeaseSpec
api.coordination.v1.LeaseSpec 1:holderIdentity:string 2:leaseDurationSeconds:int 3:acquireTime:apimachinery.pkg.apis.meta.v1.MicroTime 4:renewTime:apimachinery.pkg.apis.meta.v1.MicroTime 5:leaseTransitions:int 6:strategy:string 7:preferredHolder:string
api.core.v1.AWSElasticBlockStoreVolumeSource 1:volumeID:string 2:fsType:string 3:partition:int 4:readOnly:bool
api.core.v1.Affinity 1:nodeAffinity:api.core.v1.NodeAffinity 2:podAffinity:api.core.v1.PodAffinity 3:podAntiAffinity:api.core.v1.PodAntiAffinity
api.core.v1.AppArmorProfile 1:type:string 2:localhostProfile:string
api.core.v1.AzureDiskVolumeSource 1:diskName:string 2:diskURI:string 3:cachingMode:string 4:fsType:string 5:readOnly:bool 6:kind:string
api.core.v1.AzureFileVolumeSource 1:secretName:string 2:shareName:string 3:readOnly:bool
api.core.v1.CSIVolumeSource 1:driver:string 2:readOnly:bool 3:fsType:string 4:volumeAttributes:api.core.v1.CSIVolumeSource.VolumeAttributesEntry* 5:nodePublishSecretRef:api.core.v1.LocalObjectReference
api.core.v1.CSIVolumeSource.VolumeAttributesEntry 1:key:string 2:value:string
api.core.v1.Capabilities 1:add:string* 2:drop:string*
api.core.v1.CephFSVolumeSource 1:monitors:string* 2:path:string 3:user:string 4:secretFile:string 5:secretRef:api.core.v1.LocalObjectReference 6:readOnly:bool
api.core.v1.CinderVolumeSource 1:volumeID:string 2:fsType:string 3:readOnly:bool 4:secretRef:api.core.v1.LocalObjectReference
api.core.v1.ClusterTrustBundleProjection 1:name:string 2:signerName:string 3:labelSelector:apimachinery.pkg.apis.meta.v1.LabelSelector 5:optional:bool 4:path:string
api.core.v1.ConfigMap 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 4:immutable:bool 2:data:api.core.v1.ConfigMap.DataEntry* 3:binaryData:api.core.v1.ConfigMap.BinaryDataEntry*
api.core.v1.ConfigMap.BinaryDataEntry 1:key:string 2:value:bytes
api.core.v1.ConfigMap.DataEntry 1:key:string 2:value:string
api.core.v1.ConfigMapEnvSource 1:localObjectReference:api.core.v1.LocalObjectReference 2:optional:bool
api.core.v1.ConfigMapKeySelector 1:localObjectReference:api.core.v1.LocalObjectReference 2:key:string 3:optional:bool
api.core.v1.ConfigMapProjection 1:localObjectReference:api.core.v1.LocalObjectReference 2:items:api.core.v1.KeyToPath* 4:optional:bool
api.core.v1.ConfigMapVolumeSource 1:localObjectReference:api.core.v1.LocalObjectReference 2:items:api.core.v1.KeyToPath* 3:defaultMode:int 4:optional:bool
api.core.v1.Container 1:name:string 2:image:string 3:command:string* 4:args:string* 5:workingDir:string 6:ports:api.core.v1.ContainerPort* 19:envFrom:api.core.v1.EnvFromSource* 7:env:api.core.v1.EnvVar* 8:resources:api.core.v1.ResourceRequirements 23:resizePolicy:api.core.v1.ContainerResizePolicy* 24:restartPolicy:string 9:volumeMounts:api.core.v1.VolumeMount* 21:volumeDevices:api.core.v1.VolumeDevice* 10:livenessProbe:api.core.v1.Probe 11:readinessProbe:api.core.v1.Probe 22:startupProbe:api.core.v1.Probe 12:lifecycle:api.core.v1.Lifecycle 13:terminationMessagePath:string 20:terminationMessagePolicy:string 14:imagePullPolicy:string 15:securityContext:api.core.v1.SecurityContext 16:stdin:bool 17:stdinOnce:bool 18:tty:bool
api.core.v1.ContainerPort 1:name:string 2:hostPort:int 3:containerPort:int 4:protocol:string 5:hostIP:string
api.core.v1.ContainerResizePolicy 1:resourceName:string 2:restartPolicy:string
api.core.v1.DownwardAPIProjection 1:items:api.core.v1.DownwardAPIVolumeFile*
api.core.v1.DownwardAPIVolumeFile 1:path:string 2:fieldRef:api.core.v1.ObjectFieldSelector 3:resourceFieldRef:api.core.v1.ResourceFieldSelector 4:mode:int
api.core.v1.DownwardAPIVolumeSource 1:items:api.core.v1.DownwardAPIVolumeFile* 2:defaultMode:int
api.core.v1.EmptyDirVolumeSource 1:medium:string 2:sizeLimit:apimachinery.pkg.api.resource.Quantity
api.core.v1.EnvFromSource 1:prefix:string 2:configMapRef:api.core.v1.ConfigMapEnvSource 3:secretRef:api.core.v1.SecretEnvSource
api.core.v1.EnvVar 1:name:string 2:value:string 3:valueFrom:api.core.v1.EnvVarSource
api.core.v1.EnvVarSource 1:fieldRef:api.core.v1.ObjectFieldSelector 2:resourceFieldRef:api.core.v1.ResourceFieldSelector 3:configMapKeyRef:api.core.v1.ConfigMapKeySelector 4:secretKeyRef:api.core.v1.SecretKeySelector
api.core.v1.EphemeralContainer 1:ephemeralContainerCommon:api.core.v1.EphemeralContainerCommon 2:targetContainerName:string
api.core.v1.EphemeralContainerCommon 1:name:string 2:image:string 3:command:string* 4:args:string* 5:workingDir:string 6:ports:api.core.v1.ContainerPort* 19:envFrom:api.core.v1.EnvFromSource* 7:env:api.core.v1.EnvVar* 8:resources:api.core.v1.ResourceRequirements 23:resizePolicy:api.core.v1.ContainerResizePolicy* 24:restartPolicy:string 9:volumeMounts:api.core.v1.VolumeMount* 21:volumeDevices:api.core.v1.VolumeDevice* 10:livenessProbe:api.core.v1.Probe 11:readinessProbe:api.core.v1.Probe 22:startupProbe:api.core.v1.Probe 12:lifecycle:api.core.v1.Lifecycle 13:terminationMessagePath:string 20:terminationMessagePolicy:string 14:imagePullPolicy:string 15:securityContext:api.core.v1.SecurityContext 16:stdin:bool 17:stdinOnce:bool 18:tty:bool
api.core.v1.EphemeralVolumeSource 1:volumeClaimTemplate:api.core.v1.PersistentVolumeClaimTemplate
api.core.v1.Event 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:involvedObject:api.core.v1.ObjectReference 3:reason:string 4:message:string 5:source:api.core.v1.EventSource 6:firstTimestamp:apimachinery.pkg.apis.meta.v1.Time 7:lastTimestamp:apimachinery.pkg.apis.meta.v1.Time 8:count:int 9:type:string 10:eventTime:apimachinery.pkg.apis.meta.v1.MicroTime 11:series:api.core.v1.EventSeries 12:action:string 13:related:api.core.v1.ObjectReference 14:reportingComponent:string 15:reportingInstance:string
api.core.v1.EventSeries 1:count:int 2:lastObservedTime:apimachinery.pkg.apis.meta.v1.MicroTime
api.core.v1.EventSource 1:component:string 2:host:string
api.core.v1.ExecAction 1:command:string*
api.core.v1.FCVolumeSource 1:targetWWNs:string* 2:lun:int 3:fsType:string 4:readOnly:bool 5:wwids:string*
api.core.v1.FlexVolumeSource 1:driver:string 2:fsType:string 3:secretRef:api.core.v1.LocalObjectReference 4:readOnly:bool 5:options:api.core.v1.FlexVolumeSource.OptionsEntry*
api.core.v1.FlexVolumeSource.OptionsEntry 1:key:string 2:value:string
api.core.v1.FlockerVolumeSource 1:datasetName:string 2:datasetUUID:string
api.core.v1.GCEPersistentDiskVolumeSource 1:pdName:string 2:fsType:string 3:partition:int 4:readOnly:bool
api.core.v1.GRPCAction 1:port:int 2:service:string
api.core.v1.GitRepoVolumeSource 1:repository:string 2:revision:string 3:directory:string
api.core.v1.GlusterfsVolumeSource 1:endpoints:string 2:path:string 3:readOnly:bool
api.core.v1.HTTPGetAction 1:path:string 2:port:apimachinery.pkg.util.intstr.IntOrString 3:host:string 4:scheme:string 5:httpHeaders:api.core.v1.HTTPHeader*
api.core.v1.HTTPHeader 1:name:string 2:value:string
api.core.v1.HostAlias 1:ip:string 2:hostnames:string*
api.core.v1.HostPathVolumeSource 1:path:string 2:type:string
api.core.v1.ISCSIVolumeSource 1:targetPortal:string 2:iqn:string 3:lun:int 4:iscsiInterface:string 5:fsType:string 6:readOnly:bool 7:portals:string* 8:chapAuthDiscovery:bool 11:chapAuthSession:bool 10:secretRef:api.core.v1.LocalObjectReference 12:initiatorName:string
api.core.v1.ImageVolumeSource 1:reference:string 2:pullPolicy:string
api.core.v1.KeyToPath 1:key:string 2:path:string 3:mode:int
api.core.v1.Lifecycle 1:postStart:api.core.v1.LifecycleHandler 2:preStop:api.core.v1.LifecycleHandler 3:stopSignal:string
api.core.v1.LifecycleHandler 1:exec:api.core.v1.ExecAction 2:httpGet:api.core.v1.HTTPGetAction 3:tcpSocket:api.core.v1.TCPSocketAction 4:sleep:api.core.v1.SleepAction
api.core.v1.LocalObjectReference 1:name:string
api.core.v1.NFSVolumeSource 1:server:string 2:path:string 3:readOnly:bool
api.core.v1.Namespace 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.core.v1.NamespaceSpec
api.core.v1.NamespaceSpec 1:finalizers:string*
api.core.v1.NodeAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:api.core.v1.NodeSelector 2:preferredDuringSchedulingIgnoredDuringExecution:api.core.v1.PreferredSchedulingTerm*
api.core.v1.NodeSelector 1:nodeSelectorTerms:api.core.v1.NodeSelectorTerm*
api.core.v1.NodeSelectorRequirement 1:key:string 2:operator:string 3:values:string*
api.core.v1.NodeSelectorTerm 1:matchExpressions:api.core.v1.NodeSelectorRequirement* 2:matchFields:api.core.v1.NodeSelectorRequirement*
api.core.v1.ObjectFieldSelector 1:apiVersion:string 2:fieldPath:string
api.core.v1.ObjectReference 1:kind:string 2:namespace:string 3:name:string 4:uid:string 5:apiVersion:string 6:resourceVersion:string 7:fieldPath:string
api.core.v1.PersistentVolumeClaim 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.core.v1.PersistentVolumeClaimSpec
api.core.v1.PersistentVolumeClaimSpec 1:accessModes:string* 4:selector:apimachinery.pkg.apis.meta.v1.LabelSelector 2:resources:api.core.v1.VolumeResourceRequirements 3:volumeName:string 5:storageClassName:string 6:volumeMode:string 7:dataSource:api.core.v1.TypedLocalObjectReference 8:dataSourceRef:api.core.v1.TypedObjectReference 9:volumeAttributesClassName:string
api.core.v1.PersistentVolumeClaimTemplate 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.core.v1.PersistentVolumeClaimSpec
api.core.v1.PersistentVolumeClaimVolumeSource 1:claimName:string 2:readOnly:bool
api.core.v1.PhotonPersistentDiskVolumeSource 1:pdID:string 2:fsType:string
api.core.v1.Pod 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.core.v1.PodSpec
api.core.v1.PodAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:api.core.v1.PodAffinityTerm* 2:preferredDuringSchedulingIgnoredDuringExecution:api.core.v1.WeightedPodAffinityTerm*
api.core.v1.PodAffinityTerm 1:labelSelector:apimachinery.pkg.apis.meta.v1.LabelSelector 2:namespaces:string* 3:topologyKey:string 4:namespaceSelector:apimachinery.pkg.apis.meta.v1.LabelSelector 5:matchLabelKeys:string* 6:mismatchLabelKeys:string*
api.core.v1.PodAntiAffinity 1:requiredDuringSchedulingIgnoredDuringExecution:api.core.v1.PodAffinityTerm* 2:preferredDuringSchedulingIgnoredDuringExecution:api.core.v1.WeightedPodAffinityTerm*
api.core.v1.PodDNSConfig 1:nameservers:string* 2:searches:string* 3:options:api.core.v1.PodDNSConfigOption*
api.core.v1.PodDNSConfigOption 1:name:string 2:value:string
api.core.v1.PodOS 1:name:string
api.core.v1.PodReadinessGate 1:conditionType:string
api.core.v1.PodResourceClaim 1:name:string 3:resourceClaimName:string 4:resourceClaimTemplateName:string
api.core.v1.PodSchedulingGate 1:name:string
api.core.v1.PodSecurityContext 1:seLinuxOptions:api.core.v1.SELinuxOptions 8:windowsOptions:api.core.v1.WindowsSecurityContextOptions 2:runAsUser:int 6:runAsGroup:int 3:runAsNonRoot:bool 4:supplementalGroups:int* 12:supplementalGroupsPolicy:string 5:fsGroup:int 7:sysctls:api.core.v1.Sysctl* 9:fsGroupChangePolicy:string 10:seccompProfile:api.core.v1.SeccompProfile 11:appArmorProfile:api.core.v1.AppArmorProfile 13:seLinuxChangePolicy:string
api.core.v1.PodSpec 1:volumes:api.core.v1.Volume* 20:initContainers:api.core.v1.Container* 2:containers:api.core.v1.Container* 34:ephemeralContainers:api.core.v1.EphemeralContainer* 3:restartPolicy:string 4:terminationGracePeriodSeconds:int 5:activeDeadlineSeconds:int 6:dnsPolicy:string 7:nodeSelector:api.core.v1.PodSpec.NodeSelectorEntry* 8:serviceAccountName:string 9:serviceAccount:string 21:automountServiceAccountToken:bool 10:nodeName:string 11:hostNetwork:bool 12:hostPID:bool 13:hostIPC:bool 27:shareProcessNamespace:bool 14:securityContext:api.core.v1.PodSecurityContext 15:imagePullSecrets:api.core.v1.LocalObjectReference* 16:hostname:string 17:subdomain:string 18:affinity:api.core.v1.Affinity 19:schedulerName:string 22:tolerations:api.core.v1.Toleration* 23:hostAliases:api.core.v1.HostAlias* 24:priorityClassName:string 25:priority:int 26:dnsConfig:api.core.v1.PodDNSConfig 28:readinessGates:api.core.v1.PodReadinessGate* 29:runtimeClassName:string 30:enableServiceLinks:bool 31:preemptionPolicy:string 32:overhead:api.core.v1.PodSpec.OverheadEntry* 33:topologySpreadConstraints:api.core.v1.TopologySpreadConstraint* 35:setHostnameAsFQDN:bool 36:os:api.core.v1.PodOS 37:hostUsers:bool 38:schedulingGates:api.core.v1.PodSchedulingGate* 39:resourceClaims:api.core.v1.PodResourceClaim* 40:resources:api.core.v1.ResourceRequirements
api.core.v1.PodSpec.NodeSelectorEntry 1:key:string 2:value:string
api.core.v1.PodSpec.OverheadEntry 1:key:string 2:value:apimachinery.pkg.api.resource.Quantity
api.core.v1.PodTemplateSpec 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:spec:api.core.v1.PodSpec
api.core.v1.PortworxVolumeSource 1:volumeID:string 2:fsType:string 3:readOnly:bool
api.core.v1.PreferredSchedulingTerm 1:weight:int 2:preference:api.core.v1.NodeSelectorTerm
api.core.v1.Probe 1:handler:api.core.v1.ProbeHandler 2:initialDelaySeconds:int 3:timeoutSeconds:int 4:periodSeconds:int 5:successThreshold:int 6:failureThreshold:int 7:terminationGracePeriodSeconds:int
api.core.v1.ProbeHandler 1:exec:api.core.v1.ExecAction 2:httpGet:api.core.v1.HTTPGetAction 3:tcpSocket:api.core.v1.TCPSocketAction 4:grpc:api.core.v1.GRPCAction
api.core.v1.ProjectedVolumeSource 1:sources:api.core.v1.VolumeProjection* 2:defaultMode:int
api.core.v1.QuobyteVolumeSource 1:registry:string 2:volume:string 3:readOnly:bool 4:user:string 5:group:string 6:tenant:string
api.core.v1.RBDVolumeSource 1:monitors:string* 2:image:string 3:fsType:string 4:pool:string 5:user:string 6:keyring:string 7:secretRef:api.core.v1.LocalObjectReference 8:readOnly:bool
api.core.v1.ResourceClaim 1:name:string 2:request:string
api.core.v1.ResourceFieldSelector 1:containerName:string 2:resource:string 3:divisor:apimachinery.pkg.api.resource.Quantity
api.core.v1.ResourceRequirements 1:limits:api.core.v1.ResourceRequirements.LimitsEntry* 2:requests:api.core.v1.ResourceRequirements.RequestsEntry* 3:claims:api.core.v1.ResourceClaim*
api.core.v1.ResourceRequirements.LimitsEntry 1:key:string 2:value:apimachinery.pkg.api.resource.Quantity
api.core.v1.ResourceRequirements.RequestsEntry 1:key:string 2:value:apimachinery.pkg.api.resource.Quantity
api.core.v1.SELinuxOptions 1:user:string 2:role:string 3:type:string 4:level:string
api.core.v1.ScaleIOVolumeSource 1:gateway:string 2:system:string 3:secretRef:api.core.v1.LocalObjectReference 4:sslEnabled:bool 5:protectionDomain:string 6:storagePool:string 7:storageMode:string 8:volumeName:string 9:fsType:string 10:readOnly:bool
api.core.v1.SeccompProfile 1:type:string 2:localhostProfile:string
api.core.v1.Secret 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 5:immutable:bool 2:data:api.core.v1.Secret.DataEntry* 4:stringData:api.core.v1.Secret.StringDataEntry* 3:type:string
api.core.v1.Secret.DataEntry 1:key:string 2:value:bytes
api.core.v1.Secret.StringDataEntry 1:key:string 2:value:string
api.core.v1.SecretEnvSource 1:localObjectReference:api.core.v1.LocalObjectReference 2:optional:bool
api.core.v1.SecretKeySelector 1:localObjectReference:api.core.v1.LocalObjectReference 2:key:string 3:optional:bool
api.core.v1.SecretProjection 1:localObjectReference:api.core.v1.LocalObjectReference 2:items:api.core.v1.KeyToPath* 4:optional:bool
api.core.v1.SecretVolumeSource 1:secretName:string 2:items:api.core.v1.KeyToPath* 3:defaultMode:int 4:optional:bool
api.core.v1.SecurityContext 1:capabilities:api.core.v1.Capabilities 2:privileged:bool 3:seLinuxOptions:api.core.v1.SELinuxOptions 10:windowsOptions:api.core.v1.WindowsSecurityContextOptions 4:runAsUser:int 8:runAsGroup:int 5:runAsNonRoot:bool 6:readOnlyRootFilesystem:bool 7:allowPrivilegeEscalation:bool 9:procMount:string 11:seccompProfile:api.core.v1.SeccompProfile 12:appArmorProfile:api.core.v1.AppArmorProfile
api.core.v1.ServiceAccount 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:secrets:api.core.v1.ObjectReference* 3:imagePullSecrets:api.core.v1.LocalObjectReference* 4:automountServiceAccountToken:bool
api.core.v1.ServiceAccountTokenProjection 1:audience:string 2:expirationSeconds:int 3:path:string
api.core.v1.SleepAction 1:seconds:int
api.core.v1.StorageOSVolumeSource 1:volumeName:string 2:volumeNamespace:string 3:fsType:string 4:readOnly:bool 5:secretRef:api.core.v1.LocalObjectReference
api.core.v1.Sysctl 1:name:string 2:value:string
api.core.v1.TCPSocketAction 1:port:apimachinery.pkg.util.intstr.IntOrString 2:host:string
api.core.v1.Toleration 1:key:string 2:operator:string 3:value:string 4:effect:string 5:tolerationSeconds:int
api.core.v1.TopologySpreadConstraint 1:maxSkew:int 2:topologyKey:string 3:whenUnsatisfiable:string 4:labelSelector:apimachinery.pkg.apis.meta.v1.LabelSelector 5:minDomains:int 6:nodeAffinityPolicy:string 7:nodeTaintsPolicy:string 8:matchLabelKeys:string*
api.core.v1.TypedLocalObjectReference 1:apiGroup:string 2:kind:string 3:name:string
api.core.v1.TypedObjectReference 1:apiGroup:string 2:kind:string 3:name:string 4:namespace:string
api.core.v1.Volume 1:name:string 2:volumeSource:api.core.v1.VolumeSource
api.core.v1.VolumeDevice 1:name:string 2:devicePath:string
api.core.v1.VolumeMount 1:name:string 2:readOnly:bool 7:recursiveReadOnly:string 3:mountPath:string 4:subPath:string 5:mountPropagation:string 6:subPathExpr:string
api.core.v1.VolumeProjection 1:secret:api.core.v1.SecretProjection 2:downwardAPI:api.core.v1.DownwardAPIProjection 3:configMap:api.core.v1.ConfigMapProjection 4:serviceAccountToken:api.core.v1.ServiceAccountTokenProjection 5:clusterTrustBundle:api.core.v1.ClusterTrustBundleProjection
api.core.v1.VolumeResourceRequirements 1:limits:api.core.v1.VolumeResourceRequirements.LimitsEntry* 2:requests:api.core.v1.VolumeResourceRequirements.RequestsEntry*
api.core.v1.VolumeResourceRequirements.LimitsEntry 1:key:string 2:value:apimachinery.pkg.api.resource.Quantity
api.core.v1.VolumeResourceRequirements.RequestsEntry 1:key:string 2:value:apimachinery.pkg.api.resource.Quantity
api.core.v1.VolumeSource 1:hostPath:api.core.v1.HostPathVolumeSource 2:emptyDir:api.core.v1.EmptyDirVolumeSource 3:gcePersistentDisk:api.core.v1.GCEPersistentDiskVolumeSource 4:awsElasticBlockStore:api.core.v1.AWSElasticBlockStoreVolumeSource 5:gitRepo:api.core.v1.GitRepoVolumeSource 6:secret:api.core.v1.SecretVolumeSource 7:nfs:api.core.v1.NFSVolumeSource 8:iscsi:api.core.v1.ISCSIVolumeSource 9:glusterfs:api.core.v1.GlusterfsVolumeSource 10:persistentVolumeClaim:api.core.v1.PersistentVolumeClaimVolumeSource 11:rbd:api.core.v1.RBDVolumeSource 12:flexVolume:api.core.v1.FlexVolumeSource 13:cinder:api.core.v1.CinderVolumeSource 14:cephfs:api.core.v1.CephFSVolumeSource 15:flocker:api.core.v1.FlockerVolumeSource 16:downwardAPI:api.core.v1.DownwardAPIVolumeSource 17:fc:api.core.v1.FCVolumeSource 18:azureFile:api.core.v1.AzureFileVolumeSource 19:configMap:api.core.v1.ConfigMapVolumeSource 20:vsphereVolume:api.core.v1.VsphereVirtualDiskVolumeSource 21:quobyte:api.core.v1.QuobyteVolumeSource 22:azureDisk:api.core.v1.AzureDiskVolumeSource 23:photonPersistentDisk:api.core.v1.PhotonPersistentDiskVolumeSource 26:projected:api.core.v1.ProjectedVolumeSource 24:portworxVolume:api.core.v1.PortworxVolumeSource 25:scaleIO:api.core.v1.ScaleIOVolumeSource 27:storageos:api.core.v1.StorageOSVolumeSource 28:csi:api.core.v1.CSIVolumeSource 29:ephemeral:api.core.v1.EphemeralVolumeSource 30:image:api.core.v1.ImageVolumeSource
api.core.v1.VsphereVirtualDiskVolumeSource 1:volumePath:string 2:fsType:string 3:storagePolicyName:string 4:storagePolicyID:string
api.core.v1.WeightedPodAffinityTerm 1:weight:int 2:podAffinityTerm:api.core.v1.PodAffinityTerm
api.core.v1.WindowsSecurityContextOptions 1:gmsaCredentialSpecName:string 2:gmsaCredentialSpec:string 3:runAsUserName:string 4:hostProcess:bool
api.events.v1.Event 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:eventTime:apimachinery.pkg.apis.meta.v1.MicroTime 3:series:api.events.v1.EventSeries 4:reportingController:string 5:reportingInstance:string 6:action:string 7:reason:string 8:regarding:api.core.v1.ObjectReference 9:related:api.core.v1.ObjectReference 10:note:string 11:type:string 12:deprecatedSource:api.core.v1.EventSource 13:deprecatedFirstTimestamp:apimachinery.pkg.apis.meta.v1.Time 14:deprecatedLastTimestamp:apimachinery.pkg.apis.meta.v1.Time 15:deprecatedCount:int
api.events.v1.EventSeries 1:count:int 2:lastObservedTime:apimachinery.pkg.apis.meta.v1.MicroTime
api.policy.v1.Eviction 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:deleteOptions:apimachinery.pkg.apis.meta.v1.DeleteOptions
api.rbac.v1.AggregationRule 1:clusterRoleSelectors:apimachinery.pkg.apis.meta.v1.LabelSelector*
api.rbac.v1.ClusterRole 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:rules:api.rbac.v1.PolicyRule* 3:aggregationRule:api.rbac.v1.AggregationRule
api.rbac.v1.ClusterRoleBinding 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:subjects:api.rbac.v1.Subject* 3:roleRef:api.rbac.v1.RoleRef
api.rbac.v1.PolicyRule 1:verbs:string* 2:apiGroups:string* 3:resources:string* 4:resourceNames:string* 5:nonResourceURLs:string*
api.rbac.v1.Role 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:rules:api.rbac.v1.PolicyRule*
api.rbac.v1.RoleBinding 1:metadata:apimachinery.pkg.apis.meta.v1.ObjectMeta 2:subjects:api.rbac.v1.Subject* 3:roleRef:api.rbac.v1.RoleRef
api.rbac.v1.RoleRef 1:apiGroup:string 2:kind:string 3:name:string
api.rbac.v1.Subject 1:kind:string 2:apiGroup:string 3:name:string 4:namespace:string
apimachinery.pkg.api.resource.Quantity 1:string:string
apimachinery.pkg.apis.meta.v1.DeleteOptions 1:gracePeriodSeconds:int 2:preconditions:apimachinery.pkg.apis.meta.v1.Preconditions 3:orphanDependents:bool 4:propagationPolicy:string 5:dryRun:string* 6:ignoreStoreReadErrorWithClusterBreakingPotential:bool
apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement 1:key:string 2:operator:string 3:values:string*
apimachinery.pkg.apis.meta.v1.LabelSelector 1:matchLabels:apimachinery.pkg.apis.meta.v1.LabelSelector.MatchLabelsEntry* 2:matchExpressions:apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement*
apimachinery.pkg.apis.meta.v1.LabelSelector.MatchLabelsEntry 1:key:string 2:value:string
apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement 1:key:string 2:operator:string 3:values:string*
apimachinery.pkg.apis.meta.v1.MicroTime 1:seconds:int 2:nanos:int
apimachinery.pkg.apis.meta.v1.ObjectMeta 1:name:string 2:generateName:string 3:namespace:string 4:selfLink:string 5:uid:string 6:resourceVersion:string 7:generation:int 8:creationTimestamp:apimachinery.pkg.apis.meta.v1.Time 9:deletionTimestamp:apimachinery.pkg.apis.meta.v1.Time 10:deletionGracePeriodSeconds:int 11:labels:apimachinery.pkg.apis.meta.v1.ObjectMeta.LabelsEntry* 12:annotations:apimachinery.pkg.apis.meta.v1.ObjectMeta.AnnotationsEntry* 13:ownerReferences:apimachinery.pkg.apis.meta.v1.OwnerReference* 14:finalizers:string*
apimachinery.pkg.apis.meta.v1.ObjectMeta.AnnotationsEntry 1:key:string 2:value:string
apimachinery.pkg.apis.meta.v1.ObjectMeta.LabelsEntry 1:key:string 2:value:string
apimachinery.pkg.apis.meta.v1.OwnerReference 5:apiVersion:string 1:kind:string 3:name:string 4:uid:string 6:controller:bool 7:blockOwnerDeletion:bool
apimachinery.pkg.apis.meta.v1.Preconditions 1:uid:string 2:resourceVersion:string
apimachinery.pkg.apis.meta.v1.Time 1:seconds:int 2:nanos:int
apimachinery.pkg.util.intstr.IntOrString 1:type:int 2:intVal:int 3:strVal:string
`;
