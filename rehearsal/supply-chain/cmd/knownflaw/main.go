// knownflaw writes a vulnerability database of grype with one made-up flaw of a PyPI package.
//
// The real databases are downloaded, which the rehearsal can't: what this one shows is how grype
// is called and what it answers, not what is wrong with an image.
package main

import (
	"fmt"
	"os"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
)

const usage = "usage: knownflaw FOLDER FLAW SEVERITY PACKAGE FIXED_IN"

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, "knownflaw:", err)
		os.Exit(1)
	}
}

// write puts vulnerability.db into a folder. fixedIn: "none" where there is no fix yet.
func write(folder, flaw, severity, name, fixedIn string) error {
	store, err := v6.NewWriter(v6.Config{DBDirPath: folder, CacheSizeKiB: 1024})
	if err != nil {
		return err
	}
	if err := store.SetDBMetadata(); err != nil {
		return err
	}
	affected := v6.Range{
		Version: v6.Version{Type: "python", Constraint: "<" + fixedIn},
		Fix:     &v6.Fix{Version: fixedIn, State: v6.FixedStatus},
	}
	if fixedIn == "none" {
		affected = v6.Range{
			Version: v6.Version{Type: "python", Constraint: ">=0"},
			Fix:     &v6.Fix{State: v6.NotFixedStatus},
		}
	}
	now := time.Now()
	known := &v6.VulnerabilityHandle{
		Name:          flaw,
		Status:        v6.VulnerabilityActive,
		PublishedDate: &now,
		Provider:      &v6.Provider{ID: "made-up", Version: "1", Processor: "knownflaw", DateCaptured: &now},
		BlobValue: &v6.VulnerabilityBlob{
			ID:         flaw,
			Severities: []v6.Severity{{Scheme: v6.SeveritySchemeCHML, Value: severity}},
		},
	}
	if err := store.AddVulnerabilities(known); err != nil {
		return err
	}
	err = store.AddAffectedPackages(&v6.AffectedPackageHandle{
		Vulnerability: known,
		Package:       &v6.Package{Ecosystem: "python", Name: name},
		BlobValue:     &v6.PackageBlob{Ranges: []v6.Range{affected}},
	})
	if err != nil {
		return err
	}
	return store.Close()
}
