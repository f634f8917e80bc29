package org.canbridge.cli.planted.there;

import org.canbridge.cli.planted.here.Here;

/** The other half. */
public record There(Here other) {}
