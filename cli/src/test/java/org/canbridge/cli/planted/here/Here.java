package org.canbridge.cli.planted.here;

import org.canbridge.cli.planted.there.There;

/** Half of a cycle between two packages. */
public record Here(There other) {}
