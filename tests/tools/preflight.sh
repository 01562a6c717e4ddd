#!/bin/sh
# preflight.sh PDF...: PDFBox preflight's verdict on each as PDF/A-1b.
J=/usr/share/java
exec java -XX:TieredStopAtLevel=1 -cp "$J/preflight.jar:$J/pdfbox2.jar:$J/fontbox2.jar:$J/xmpbox.jar:$J/commons-logging.jar:$J/javax.activation.jar:$J/jaxb-api.jar" \
	org.apache.pdfbox.preflight.Validator_A1b "$@"
