// The plugin of kubectl for Argo Rollouts, with those of its commands that change the course of a rollout: the whole
// plugin cannot be built from its module, which lacks the files of its dashboard.
package main

import (
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/abort"
	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/pause"
	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/promote"
	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/restart"
	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/retry"
	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/undo"
	"github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/options"
)

func main() {
	o := options.NewArgoRolloutsOptions(genericclioptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr})
	root := &cobra.Command{Use: "kubectl-argo-rollouts", SilenceUsage: true, PersistentPreRunE: o.PersistentPreRunE}
	o.AddKubectlFlags(root)
	root.AddCommand(abort.NewCmdAbort(o), pause.NewCmdPause(o), promote.NewCmdPromote(o), restart.NewCmdRestart(o),
		retry.NewCmdRetry(o), undo.NewCmdUndo(o))
	if root.Execute() != nil {
		os.Exit(1)
	}
}
