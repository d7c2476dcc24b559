"""Sidecars as photo programs write them, with settings of their own."""

from typing import Final

RDF: Final = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'

DARKTABLE: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF {RDF}>
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:darktable="http://darktable.sf.net/"
   xmp:Rating="@RATING@"
   darktable:note="a > b &amp; 'c'"
   darktable:history_end="1">
   <!-- kept as it is -->
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:operation="exposure"
      darktable:params="00000000"/>
    </rdf:Seq>
   </darktable:history>
   <dc:subject>
    <rdf:Seq>
     <rdf:li>holiday</rdf:li>
     <rdf:li>sea</rdf:li>
    </rdf:Seq>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
LIGHTROOM: Final = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core">
 <rdf:RDF {RDF}>
  <rdf:Description rdf:about=""
    xmlns:a="http://ns.adobe.com/xap/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   crs:Exposure2012="+0.35">
   <a:Rating>@RATING@</a:Rating>
   <a:Label>Red</a:Label>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
DIGIKAM: Final = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF {RDF}>
  <rdf:Description rdf:about='file' xmlns:xmp='http://ns.adobe.com/xap/1.0/'
    xmlns:digiKam='http://www.digikam.org/ns/1.0/' xmp:Rating='@RATING@' digiKam:ColorLabel='0'/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>
"""
PROGRAMS: Final = {"darktable": DARKTABLE, "lightroom": LIGHTROOM, "digikam": DIGIKAM}


def sidecar(program: str, rating: int | str) -> bytes:
    """A sidecar of a program with this rating."""
    return PROGRAMS[program].replace("@RATING@", str(rating)).encode()
